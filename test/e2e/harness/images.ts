import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { arch } from 'node:os';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { type TarEntry, tarOf } from './tar.ts';

export interface ImageSpec {
  /** From the lowest to the topmost: entries, or a tar archive as it is. */
  layers: (TarEntry[] | Buffer)[];
  /** The image config's `config`: Cmd, Entrypoint, Env, User, WorkingDir... */
  config?: object;
  compression?: 'gzip' | 'zstd' | 'none';
  /** GOARCH of the image; this machine's unless told. */
  architecture?: string;
}

interface Descriptor {
  mediaType: string;
  digest: string;
  size: number;
}

const goArch: Record<string, string> = { x64: 'amd64', arm64: 'arm64' };

const types = {
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar',
};

function sha256(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** Makes an OCI layout of one image, `latest`; gives its manifest's digest. */
export function makeLayout(layout: string, spec: ImageSpec): string {
  const compression = spec.compression ?? 'gzip';
  const blobs = join(layout, 'blobs/sha256');
  mkdirSync(blobs, { recursive: true });
  const put = (bytes: Buffer, mediaType: string): Descriptor => {
    const digest = sha256(bytes);
    writeFileSync(join(blobs, digest.slice(7)), bytes);
    return { mediaType, digest, size: bytes.length };
  };
  const json = (value: object, mediaType: string) => put(Buffer.from(JSON.stringify(value)), mediaType);

  const tars = spec.layers.map((layer) => (Buffer.isBuffer(layer) ? layer : tarOf(layer)));
  const pack = {
    none: (tar: Buffer) => tar,
    gzip: (tar: Buffer) => gzipSync(tar),
    zstd: (tar: Buffer) => zstdCompressSync(tar),
  };
  const layers = tars.map((tar) =>
    put(pack[compression](tar), compression === 'none' ? types.layer : `${types.layer}+${compression}`),
  );
  const config = json(
    {
      architecture: spec.architecture ?? goArch[arch()],
      os: 'linux',
      created: '2026-01-01T00:00:00Z',
      config: spec.config ?? {},
      rootfs: { type: 'layers', diff_ids: tars.map(sha256) },
      history: tars.map((_, at) => ({ created: '2026-01-01T00:00:00Z', created_by: `layer ${at}` })),
    },
    types.config,
  );
  const manifest = json({ schemaVersion: 2, mediaType: types.manifest, config, layers }, types.manifest);

  const annotations = { 'org.opencontainers.image.ref.name': 'latest' };
  const index = { schemaVersion: 2, manifests: [{ ...manifest, annotations }] };
  writeFileSync(join(layout, 'index.json'), JSON.stringify(index));
  writeFileSync(join(layout, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  return manifest.digest;
}

/** A layer with Debian's static busybox, a link for each of its commands, and a root and a nobody user. */
export function busyboxLayer(): TarEntry[] {
  const busybox = existsSync('/bin/busybox') ? '/bin/busybox' : '/usr/bin/busybox';
  const commands = execFileSync(busybox, ['--list'], { encoding: 'utf8' }).trim().split('\n');
  return [
    ...['bin', 'etc', 'root', 'tmp', 'usr', 'var'].map((name) => ({
      name,
      mode: name === 'tmp' ? 0o1777 : 0o755,
    })),
    { name: 'bin/busybox', content: readFileSync(busybox), mode: 0o755 },
    ...commands
      .filter((name) => name !== 'busybox')
      .map((name) => ({ name: `bin/${name}`, type: 'link' as const, target: 'bin/busybox', mode: 0o755 })),
    {
      name: 'etc/passwd',
      content: 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n',
    },
    { name: 'etc/group', content: 'root:x:0:\nnogroup:x:65534:\n' },
  ];
}

/** What the word `alpine` stands for in the tests: one busybox layer whose command is a shell. */
export function busyboxImage(more: Partial<ImageSpec> = {}): ImageSpec {
  const path = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
  return { layers: [busyboxLayer()], config: { Cmd: ['/bin/sh'], Env: [path] }, ...more };
}

/** Flags by which a container has the host's Python, for what busybox can't do. */
export const PYTHON = ['-v', '/usr:/usr:ro', '-v', '/lib:/lib:ro', '-v', '/lib64:/lib64:ro'];
