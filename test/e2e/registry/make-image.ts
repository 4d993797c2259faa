/** Small images for tests: an OCI layout written by hand, layers made by GNU tar, pushed by skopeo. */

import { execFile, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import type { TestRegistry } from './start-registry.ts';

export interface TestLayer {
  /** The uncompressed tar. */
  readonly tar: Buffer;
  readonly compression?: 'gzip' | 'zstd' | 'none';
}

export interface TestImage {
  readonly layers: readonly TestLayer[];
  readonly architecture?: string;
  readonly variant?: string;
  /** Fields of the config's "config". */
  readonly config?: object;
}

interface Blob {
  mediaType: string;
  digest: string;
  size: number;
}

const TYPES = {
  gzip: 'application/vnd.oci.image.layer.v1.tar+gzip',
  zstd: 'application/vnd.oci.image.layer.v1.tar+zstd',
  none: 'application/vnd.oci.image.layer.v1.tar',
};

const sha256 = (data: Buffer): string => `sha256:${createHash('sha256').update(data).digest('hex')}`;

/** The machine's own architecture, in Go's words. */
export const ARCHITECTURE = process.arch === 'x64' ? 'amd64' : process.arch;

/** A tar of a folder, everything owned by root. */
export function tarOf(dir: string): Buffer {
  const args = [
    '-C',
    dir,
    '--owner=0',
    '--group=0',
    '--numeric-owner',
    '--sort=name',
    '--mtime=@1700000000',
    '--format=posix',
    '--pax-option=delete=atime,delete=ctime',
    '-c',
    '.',
  ];
  return execFileSync('tar', args, { maxBuffer: 1 << 30 });
}

/** A tree that can run: Debian's static busybox with its applets, and the usual files of /etc. */
export function busyboxTree(dir: string): string {
  for (const name of ['bin', 'etc', 'tmp', 'root', 'proc', 'sys', 'dev', 'var/www', 'usr/bin']) {
    mkdirSync(join(dir, name), { recursive: true });
  }
  cpSync('/bin/busybox', join(dir, 'bin/busybox'));
  for (const applet of execFileSync('/bin/busybox', ['--list'], { encoding: 'utf8' }).trim().split('\n')) {
    if (applet !== 'busybox') symlinkSync('busybox', join(dir, 'bin', applet));
  }
  writeFileSync(
    join(dir, 'etc/passwd'),
    'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n',
  );
  writeFileSync(join(dir, 'etc/group'), 'root:x:0:\nnogroup:x:65534:\nstaff:x:50:nobody\n');
  writeFileSync(join(dir, 'etc/os-release'), 'ID=alpine\nNAME="Test Linux"\n');
  return dir;
}

/** Writes a layout with one image, or with a list of several where there are more; its only entry is `latest`. */
export function writeLayout(dir: string, images: readonly TestImage[]): void {
  const blobs = join(dir, 'blobs/sha256');
  mkdirSync(blobs, { recursive: true });
  const keep = (data: Buffer, mediaType: string): Blob => {
    const digest = sha256(data);
    writeFileSync(join(blobs, digest.slice(7)), data);
    return { mediaType, digest, size: data.length };
  };
  const json = (value: object): Buffer => Buffer.from(JSON.stringify(value));
  const manifests = images.map((image) => {
    const architecture = image.architecture ?? ARCHITECTURE;
    const platform = { os: 'linux', architecture, ...(image.variant && { variant: image.variant }) };
    const layers = image.layers.map(({ tar, compression = 'gzip' }) => {
      const data =
        compression === 'none' ? tar : compression === 'zstd' ? zstdCompressSync(tar) : gzipSync(tar);
      return keep(data, TYPES[compression]);
    });
    const config = {
      created: '2024-05-06T07:08:09Z',
      ...platform,
      config: { Env: ['PATH=/bin:/usr/bin'], Cmd: ['/bin/sh'], ...image.config },
      rootfs: { type: 'layers', diff_ids: image.layers.map(({ tar }) => sha256(tar)) },
      history: image.layers.map((_, index) => ({
        created: '2024-05-06T07:08:09Z',
        created_by: `step ${index + 1}`,
      })),
    };
    const configBlob = keep(json(config), 'application/vnd.oci.image.config.v1+json');
    const mediaType = 'application/vnd.oci.image.manifest.v1+json';
    const manifest = { schemaVersion: 2, mediaType, config: configBlob, layers };
    return { ...keep(json(manifest), mediaType), platform };
  });
  const mediaType = 'application/vnd.oci.image.index.v1+json';
  const top =
    images.length === 1 ? manifests[0]! : keep(json({ schemaVersion: 2, mediaType, manifests }), mediaType);
  const annotations = { 'org.opencontainers.image.ref.name': 'latest' };
  writeFileSync(join(dir, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  writeFileSync(
    join(dir, 'index.json'),
    JSON.stringify({ schemaVersion: 2, manifests: [{ ...top, annotations }] }),
  );
}

export interface PushOptions {
  /** "library/alpine:latest" */
  readonly name: string;
  /** Docker's own media types ("v2s2") or OCI's. */
  readonly format?: 'oci' | 'v2s2';
  /** Push a list with all its images. */
  readonly all?: boolean;
}

/** Pushes what writeLayout made. Gives the digest of what was pushed. */
export async function pushLayout(registry: TestRegistry, dir: string, options: PushOptions): Promise<string> {
  const { name, format = 'oci', all = false } = options;
  const digestFile = join(dir, 'pushed');
  // Not the sync call: a token server may live in this process.
  await promisify(execFile)(
    'skopeo',
    [
      ...['copy', '--quiet', '--insecure-policy', '--dest-tls-verify=false', '--digestfile', digestFile],
      ...['--dest-creds', `${registry.user}:${registry.password}`],
      ...(all ? ['--all'] : ['--format', format]),
      ...[`oci:${dir}:latest`, `docker://${registry.host}/${name}`],
    ],
    { timeout: 60_000 },
  );
  return readFileSync(digestFile, 'utf8').trim();
}

/** `library/alpine:latest`, which is busybox in truth, in a registry. Gives its manifest's digest. */
export function seedAlpine(
  registry: TestRegistry,
  dir: string,
  name = 'library/alpine:latest',
): Promise<string> {
  const layout = join(dir, 'alpine-layout');
  writeLayout(layout, [{ layers: [{ tar: tarOf(busyboxTree(join(dir, 'alpine-tree'))) }] }]);
  return pushLayout(registry, layout, { name, format: 'v2s2' });
}
