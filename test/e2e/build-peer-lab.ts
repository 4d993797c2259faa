/** A Dockerfile built by us and by buildah, and what both make of it: the config, and the files as a container sees them. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as assert from 'uvu/assert';
import { configDifferences, type PeerCase } from './build-peer-config.ts';
import { makeLayout } from './harness/images.ts';
import { busyboxImage, command, podOk, sandbox } from './harness/index.ts';

const BASE = 'localhost/base:latest';

export async function buildah(...args: string[]): Promise<string> {
  const own = ['--root', join(sandbox.dir, 'buildah'), '--runroot', join(sandbox.run, 'buildah')];
  const argv = ['buildah', ...own, '--storage-driver', 'vfs', ...args];
  const ran = await command(argv, { timeout: 120_000 });
  if (ran.code !== 0) throw new Error(`${argv.join(' ')}\n${ran.stdout}${ran.stderr}`);
  return ran.stdout;
}

/** The image that both begin with: busybox, with a config that has something of everything. */
export async function makeBase(): Promise<void> {
  const layout = join(sandbox.work, 'base');
  makeLayout(
    layout,
    busyboxImage({
      config: {
        Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'BASE=of the base'],
        Cmd: ['/bin/sh'],
        Labels: { base: 'yes' },
        ExposedPorts: { '1/tcp': {} },
        WorkingDir: '/',
      },
    }),
  );
  await podOk(['pull', '-q', `oci:${layout}`]);
  const id = (await podOk(['images', '-q'])).trim();
  await podOk(['tag', id, BASE]);
  await buildah('pull', '-q', 'oci:base'); // it takes no name with capitals, as the sandbox's path has
  const [theirs] = (await buildah('images', '-q')).trim().split('\n');
  await buildah('tag', theirs!, BASE);
}

let made = 0;

/** Files by their path; one that ends in a slash is a directory. */
export function contextOf(dockerfile: string, files: Record<string, string>): string {
  const context = join(sandbox.work, `peer-${++made}`);
  mkdirSync(context);
  for (const [name, content] of Object.entries({ ...files, Dockerfile: dockerfile })) {
    const path = join(context, name);
    mkdirSync(name.endsWith('/') ? path : dirname(path), { recursive: true });
    if (!name.endsWith('/')) writeFileSync(path, content, { mode: 0o644 });
  }
  return context;
}

const LIST = `cd /; find . -xdev \\( -path ./proc -o -path ./dev -o -path ./sys -o -path ./etc -o -path ./run -o -path ./bin \\) -prune -o -print |
  sort | while read -r path; do stat -c '%n %F %a %u:%g' "$path"; [ -f "$path" ] && md5sum < "$path"; [ -L "$path" ] && readlink "$path"; done; true`;

interface Made {
  readonly config: Record<string, unknown>;
  readonly files: string[];
}

async function look(image: string): Promise<Made> {
  const config = JSON.parse(await podOk(['image', 'inspect', '--format', '{{json .Config}}', image]));
  const listing = await podOk(
    [
      'run',
      '--rm',
      '--network',
      'none',
      '--user',
      '0',
      '--entrypoint',
      '/bin/busybox',
      image,
      'sh',
      '-c',
      LIST,
    ],
    { timeout: 60_000 },
  );
  return { config, files: listing.trim().split('\n') };
}

/** Builds it twice; what differs and isn't among the case's own differences fails. */
export async function comparePeers({
  dockerfile,
  files = {},
  args = [],
  differs = {},
}: PeerCase): Promise<void> {
  const context = contextOf(dockerfile, files);
  const name = `localhost/made-${made}`;
  const build = ['build', '-q', '--format', 'docker', ...args];
  await Promise.all([
    podOk([...build, '-t', `${name}:ours`, context], { timeout: 120_000 }),
    buildah(...build, '--isolation', 'chroot', '--pull-never', '-t', `${name}:theirs`, context),
  ]);
  const archive = `made-${made}.tar`;
  await buildah('push', '-q', `${name}:theirs`, `docker-archive:${archive}:${name}:theirs`);
  await podOk(['load', '-q', '-i', archive]);
  const [ours, theirs] = await Promise.all([look(`${name}:ours`), look(`${name}:theirs`)]);
  assert.equal(configDifferences(ours.config, theirs.config), differs);
  assert.equal(ours.files, theirs.files);
}
