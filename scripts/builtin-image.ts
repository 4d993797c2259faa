/**
 * Makes dist/builtin/busybox.tar: a small image from Debian's busybox-static, as an OCI archive (image-spec,
 * image-layout.md). The same busybox gives the same bytes.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { type NewEntry, tarEnd, tarHeader, tarPadding } from '../core/archive/tar-writer.ts';
import { hostPlatform } from '../core/platform.ts';

const BUSYBOX = '/bin/busybox';
const NAME = 'builtin:busybox';

const PASSWD = `root:x:0:0:root:/root:/bin/sh
daemon:x:1:1:daemon:/usr/sbin:/bin/false
bin:x:2:2:bin:/bin:/bin/false
sys:x:3:3:sys:/dev:/bin/false
mail:x:8:8:mail:/var/mail:/bin/false
www-data:x:33:33:www-data:/var/www:/bin/false
operator:x:37:37:operator:/var:/bin/false
nobody:x:65534:65534:nobody:/home:/bin/false
`;
const GROUP = `root:x:0:
daemon:x:1:
bin:x:2:
sys:x:3:
adm:x:4:
tty:x:5:
disk:x:6:
mail:x:8:
www-data:x:33:
utmp:x:43:
users:x:100:
nogroup:x:65534:
`;
const SHADOW = PASSWD.replace(/^([^:]+):.*$/gm, '$1:*:::::::');
const DIRECTORIES: [string, number][] = [
  ['', 0o755],
  ['bin', 0o755],
  ['dev', 0o755],
  ['etc', 0o755],
  ['home', 0o755],
  ['proc', 0o555],
  ['root', 0o700],
  ['run', 0o755],
  ['sys', 0o555],
  ['tmp', 0o1777],
  ['usr', 0o755],
  ['usr/bin', 0o755],
  ['usr/sbin', 0o755],
  ['var', 0o755],
  ['var/spool', 0o755],
  ['var/tmp', 0o1777],
  ['var/www', 0o755],
];
const FILES: [string, number, string][] = [
  ['etc/group', 0o644, GROUP],
  ['etc/nsswitch.conf', 0o644, 'passwd: files\ngroup: files\nhosts: files dns\n'],
  ['etc/passwd', 0o644, PASSWD],
  ['etc/shadow', 0o640, SHADOW],
];

type Part = [NewEntry, Uint8Array?];

function tar(parts: Part[]): Buffer {
  const blocks = parts.flatMap(([entry, data = new Uint8Array(0)]) => [
    tarHeader({ ...entry, size: data.length }),
    data,
    tarPadding(data.length),
  ]);
  return Buffer.concat([...blocks, tarEnd()]);
}

function rootFileSystem(seconds: number): Buffer {
  const mtime = { seconds, nanoseconds: 0 };
  const applets = execFileSync(BUSYBOX, ['--list'], { encoding: 'utf8' }).trim().split('\n');
  const links = applets.filter((name) => name !== 'busybox').sort();
  const parts: Part[] = [
    ...DIRECTORIES.map(([path, mode]): Part => [{ path: path || './', type: 'directory', mode, mtime }]),
    [{ path: 'bin/busybox', type: 'file', mode: 0o755, mtime }, readFileSync(BUSYBOX)],
    ...links.map(
      (name): Part => [{ path: `bin/${name}`, type: 'symlink', mode: 0o777, linkTarget: 'busybox', mtime }],
    ),
    ...FILES.map(([path, mode, text]): Part => [{ path, type: 'file', mode, mtime }, Buffer.from(text)]),
    [{ path: 'usr/bin/env', type: 'symlink', mode: 0o777, linkTarget: '../../bin/env', mtime }],
  ];
  return tar(parts);
}

function digest(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}

function imageArchive(): Buffer {
  // The file's own time, which its package gave it: no clock is asked.
  const seconds = Math.floor(statSync(BUSYBOX).mtimeMs / 1000);
  const created = new Date(seconds * 1000).toISOString().replace('.000Z', 'Z');
  const layer = rootFileSystem(seconds);
  const packed = gzipSync(layer, { level: 9 });
  const config = json({
    created,
    ...hostPlatform(),
    config: { Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'], Cmd: ['sh'] },
    rootfs: { type: 'layers', diff_ids: [digest(layer)] },
    history: [
      { created, created_by: 'tsc-pod scripts/builtin-image.ts', comment: 'from busybox-static of Debian' },
    ],
  });
  const describe = (mediaType: string, bytes: Uint8Array) => ({
    mediaType,
    digest: digest(bytes),
    size: bytes.length,
  });
  const manifest = json({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: describe('application/vnd.oci.image.config.v1+json', config),
    layers: [describe('application/vnd.oci.image.layer.v1.tar+gzip', packed)],
  });
  const index = json({
    schemaVersion: 2,
    manifests: [
      {
        ...describe('application/vnd.oci.image.manifest.v1+json', manifest),
        annotations: { 'org.opencontainers.image.ref.name': NAME },
      },
    ],
  });
  const mtime = { seconds, nanoseconds: 0 };
  const file = (path: string, bytes: Uint8Array): Part => [{ path, type: 'file', mtime }, bytes];
  return tar([
    file('oci-layout', json({ imageLayoutVersion: '1.0.0' })),
    file('index.json', index),
    ...[manifest, config, packed].map((blob) => file(`blobs/sha256/${digest(blob).slice(7)}`, blob)),
  ]);
}

const output = join(import.meta.dirname, '../dist/builtin');
mkdirSync(output, { recursive: true });
writeFileSync(join(output, 'busybox.tar'), imageArchive());
