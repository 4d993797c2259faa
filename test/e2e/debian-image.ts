/** The whole distribution that tests run: a Debian that mmdebstrap makes, with a few packages that they look at. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { pod, sandbox } from './harness/index.ts';
import { configure, trust } from './pull-lab.ts';
import { pushLayout, writeLayout } from './registry/make-image.ts';
import { startRegistry } from './registry/start-registry.ts';

const DAY = 24 * 3600 * 1000;

/** For its capability, for getcap, and as a service that keeps data. */
const PACKAGES = ['iputils-ping', 'libcap2-bin', 'redis-server'];

/** The tree as a tar; made anew when the one that is kept is a day old. Two files of tests may ask at the same time. */
export function debianTar(): string {
  const cache = join('/var/tmp', `tsc-pod-test-debian-${process.getuid!()}`);
  const tar = join(cache, `${PACKAGES.join('+')}.tar`);
  const fresh = () => existsSync(tar) && Date.now() - statSync(tar).mtimeMs < DAY;
  if (fresh()) return tar;
  mkdirSync(cache, { recursive: true, mode: 0o700 });
  const make = [
    'mmdebstrap',
    '--quiet',
    '--variant=minbase',
    '--mode=unshare',
    '--format=tar',
    `--include=${PACKAGES.join()}`,
  ];
  // Who waited for another maker finds what it has made.
  const script =
    'find "$0" -mmin -5 2>/dev/null | grep -q . || { "$@" bookworm "$0.new" && mv "$0.new" "$0"; }';
  execFileSync('flock', [join(cache, 'lock'), 'sh', '-c', script, tar, ...make], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return tar;
}

/** Pulls it as debian:bookworm, from a registry that stands for docker.io. */
export async function pullDebian(): Promise<void> {
  const layout = join(sandbox.work, 'layout');
  const Env = ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'];
  const layers = [{ tar: readFileSync(debianTar()), compression: 'zstd' as const }];
  writeLayout(layout, [{ layers, config: { Env, Cmd: ['bash'] } }]);
  const dir = join(sandbox.work, 'registry');
  mkdirSync(dir);
  const registry = await startRegistry({ dir, tls: true });
  try {
    await pushLayout(registry, layout, { name: 'library/debian:bookworm' });
    trust(registry);
    configure(`[[registry]]\nprefix = "docker.io"\n[[registry.mirror]]\nlocation = "${registry.host}"\n`);
    const pulled = await pod(['pull', '-q', 'debian:bookworm'], { timeout: 300_000 });
    if (pulled.code !== 0) throw new Error(pulled.stderr);
  } finally {
    await registry.stop();
  }
}
