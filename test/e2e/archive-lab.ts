/** What the tests of archives share: an image with everything odd that a layer may hold, and how images are compared. */

import { execFileSync } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { command, podOk, test } from './harness/index.ts';
import { sandbox } from './harness/sandbox.ts';
import { asRoot, type Item, tar } from './unpack-lab.ts';

const time = (seconds: number, nanoseconds = 0) => ({ seconds, nanoseconds });
const long = 'a-name-of-more-than-a-hundred-bytes-'.repeat(5);

const files: Item[] = [
  { path: './', type: 'directory', mode: 0o755, mtime: time(1_000_000_000) },
  {
    path: 'plain',
    type: 'file',
    content: 'plain',
    uid: 1000,
    gid: 50,
    mtime: time(1_700_000_000, 123_456_789),
  },
  { path: 'before-1970', type: 'file', content: 'old', mtime: time(-86_400 * 365, 500_000_000) },
  { path: 'no-mode', type: 'file', content: 'secret', mode: 0 },
  { path: 'closed', type: 'directory', mode: 0, uid: 7, gid: 8 },
  { path: 'closed/within', type: 'file', content: 'x', mode: 0o400 },
  { path: 'su', type: 'file', content: '#!/bin/sh\n', mode: 0o4755 },
  { path: 'sg', type: 'file', content: '#!/bin/sh\n', mode: 0o2755, gid: 42 },
  { path: 'tmp', type: 'directory', mode: 0o1777 },
  { path: 'deep', type: 'directory' },
  { path: `deep/${'d'.repeat(120)}`, type: 'directory' },
  { path: `deep/${'d'.repeat(120)}/${'e'.repeat(120)}`, type: 'directory' },
  { path: `deep/${long}`, type: 'file', content: 'long name' },
  { path: `deep/${'d'.repeat(120)}/${'e'.repeat(120)}/f`, type: 'file', content: 'long path' },
  { path: 'link', type: 'symlink', linkTarget: `/${long}`, mtime: time(5) },
  { path: 'dangling', type: 'symlink', linkTarget: '../../../nowhere', uid: 3, gid: 4 },
  { path: 'hard', type: 'hardlink', linkTarget: 'plain' },
  { path: 'deep/harder', type: 'hardlink', linkTarget: 'plain' },
  { path: 'fifo', type: 'fifo', mode: 0o600 },
  { path: 'empty', type: 'file' },
  { path: Buffer.from('ünïcödé').toString('latin1'), type: 'file', content: 'utf-8' },
  { path: 'not-\xff-utf8 and\ttabs', type: 'file', content: 'bytes' },
  {
    path: 'attributes',
    type: 'file',
    content: 'x',
    xattrs: new Map([
      ['user.text', Buffer.from('a=b')],
      ['user.bytes', Buffer.from([0, 1, 2, 255, 10])],
      ['security.capability', Buffer.from('0100000200200000000000000000000000000000', 'hex')],
    ]),
  },
  { path: 'd', type: 'directory' },
  { path: 'd/gone', type: 'file', content: 'gone' },
  { path: 'd/stays', type: 'file', content: 'stays' },
  { path: 'opaque', type: 'directory' },
  { path: 'opaque/hidden', type: 'file', content: 'hidden' },
];
const changes: Item[] = [
  { path: 'd', type: 'directory', mode: 0o700, uid: 9 },
  { path: 'd/.wh.gone', type: 'file' },
  { path: 'opaque', type: 'directory' },
  { path: 'opaque/.wh..wh..opq', type: 'file' },
  { path: 'opaque/new', type: 'file', content: 'new' },
  { path: '.wh.never-there', type: 'file' },
];
const devices: Item[] = [
  { path: 'dev', type: 'directory' },
  { path: 'dev/null', type: 'char', major: 1, minor: 3, mode: 0o666 },
  { path: 'dev/disk', type: 'block', major: 8, minor: 1, mode: 0o660, gid: 6 },
];

const FIXED = ['--owner=0', '--group=0', '--mtime=@0', '--mode=644'];

/** A file with holes, as GNU tar writes it. */
function sparse(): Buffer {
  const directory = join(sandbox.work, 'sparse');
  mkdirSync(directory, { recursive: true });
  const file = openSync(join(directory, 'holes'), 'w');
  for (const at of [0, 1 << 20, 5 << 20]) writeSync(file, 'data', at);
  closeSync(file);
  const archive = join(sandbox.work, 'sparse.tar');
  execFileSync(
    'tar',
    ['-S', '--format=posix', '--pax-option=delete=?time', ...FIXED, '-cf', archive, 'holes'],
    {
      cwd: directory,
    },
  );
  return readFileSync(archive);
}

/** Layers, the lowest first. podman 4.3 can't save an image with a sparse file, not even its own. */
export function oddLayers({ withSparse }: { withSparse: boolean }): Buffer[] {
  return [tar(...files), tar(...changes), tar(...devices), ...(withSparse ? [sparse()] : [])];
}

export interface Identity {
  id: string;
  digest: string;
  diffIds: string[];
}

/** What makes an image itself. `root`: whose store, the sandbox's own unless told. */
export async function identityOf(name: string, root = sandbox.data): Promise<Identity> {
  const [image] = JSON.parse(await podOk(['--root', root, 'image', 'inspect', name]));
  return { id: image.Id, digest: image.Digest, diffIds: image.RootFS.Layers };
}

/** File by file: type, mode, owner, time, hard links, size, name, target, content, attributes. No whiteouts' times. */
const LIST = `
cd "$1"
find . -mindepth 1 -type d -printf "%y %m %U:%G %T@ %p\\n" -o -mindepth 1 -printf "%y %m %U:%G %T@ %n %s %p %l\\n" | LC_ALL=C sort | grep -v '^c 0 0:0 '
find . -type f -print0 | sort -z | xargs -0r sha256sum
find . -mindepth 1 -print0 | sort -z | xargs -0r getfattr -hd -m - -e hex 2>/dev/null | grep -Ev '^user.(fuse)?overlay' | awk 'BEGIN { RS = ""; FS = "\\n" } NF > 1'
`;

export function listFiles(directory: string): Promise<string> {
  return asRoot(LIST, [directory]);
}

/** Each of the image's layers, as it is unpacked. */
export async function listLayers({ diffIds }: Identity, root = sandbox.data): Promise<string[]> {
  const listings: string[] = [];
  for (const diffId of diffIds) listings.push(await listFiles(join(root, 'layers', diffId.slice(7), 'fs')));
  return listings;
}

const listed = new Map<string, Promise<string[]>>();

function listedOnce(image: Identity): Promise<string[]> {
  const known = listed.get(image.id) ?? listLayers(image);
  listed.set(image.id, known);
  return known;
}

/** All layers as a container has them. */
export function listMerged({ diffIds }: Identity): Promise<string> {
  const target = join(sandbox.work, 'merged');
  mkdirSync(target, { recursive: true });
  const layers = diffIds.map((diffId) => join(sandbox.data, 'layers', diffId.slice(7), 'fs'));
  const script = `mount -t overlay overlay -o "userxattr,ro,lowerdir=$2" "$1"\n${LIST}\ncd /; umount "$1"`;
  return asRoot(script, [target, layers.toReversed().join(':')], { mount: true });
}

/** Tells the lines that differ: a whole distribution has twenty thousand. */
function assertListing(actual: string, expected: string): void {
  if (actual === expected) return;
  const [have, want] = [actual, expected].map((text) => text.split('\n'));
  const [known, wanted] = [new Set(have), new Set(want)];
  const more = have!.filter((line) => !wanted.has(line)).map((line) => `+ ${line}`);
  const less = want!.filter((line) => !known.has(line)).map((line) => `- ${line}`);
  throw new Error([...more.slice(0, 20), ...less.slice(0, 20)].join('\n'));
}

/** A store of its own, beside the sandbox's. */
export function otherStore(name: string): string {
  const root = join(sandbox.dir, name);
  mkdirSync(root, { recursive: true, mode: 0o700 });
  return root;
}

/** Runs another tool; anything but exit status 0 fails the test. */
export async function peer(argv: string[]): Promise<string> {
  const ran = await command(argv, { timeout: 120_000 });
  if (ran.code !== 0) throw new Error(`${argv.join(' ')}\n${JSON.stringify(ran, null, 2)}`);
  return ran.stdout;
}

/** podman with a store of its own. */
export function podman(...args: string[]): Promise<string> {
  const own = ['--root', join(sandbox.dir, 'podman'), '--runroot', join(sandbox.run, 'podman')];
  return peer(['podman', ...own, '--storage-driver', 'vfs', '--cgroup-manager', 'cgroupfs', ...args]);
}

/** podman leaves a process that holds its user namespace. */
test.after(async () => {
  if (existsSync(join(sandbox.run, 'libpod/tmp/pause.pid'))) await podman('system', 'migrate');
});

export function skopeo(...args: string[]): Promise<string> {
  return peer(['skopeo', '--insecure-policy', ...args]);
}

/** The image is in that store as it is in the sandbox's: file by file, and its manifest where `digest` is true. */
export async function assertSame(
  name: string,
  root: string,
  { digest, as = name }: { digest: boolean; as?: string },
): Promise<void> {
  const [here, there] = [await identityOf(name), await identityOf(as, root)];
  assert.equal(there, digest ? here : { ...here, digest: there.digest });
  const wanted = await listedOnce(here);
  for (const [index, listing] of (await listLayers(there, root)).entries())
    assertListing(listing, wanted[index]!);
}

/** save, podman load, podman save, load under another root; and podman's own store read. */
export async function throughPodman(name: string): Promise<void> {
  const [mine, theirs] = [join(sandbox.work, 'mine.tar'), join(sandbox.work, 'theirs.tar')];
  await podOk(['save', '-q', '-o', mine, name]);
  await podman('load', '-q', '-i', mine);
  await podman('save', '-q', '-o', theirs, name);
  const root = otherStore('after-podman');
  await podOk(['--root', root, 'load', '-q', '-i', theirs]);
  await assertSame(name, root, { digest: false });
  const read = otherStore('from-storage');
  const store = `containers-storage:[vfs@${join(sandbox.dir, 'podman')}]`;
  const id = await podOk(['--root', read, 'pull', '-q', `${store}${name}`]);
  await assertSame(name, read, { digest: false });
  const conf = join(sandbox.work, 'storage.conf');
  writeFileSync(conf, `[storage]\ndriver = "vfs"\ngraphroot = "${join(sandbox.dir, 'podman')}"\n`);
  const env = { CONTAINERS_STORAGE_CONF: conf };
  assert.is(await podOk(['--root', read, 'pull', '-q', `containers-storage:${name}`], { env }), id);
}

/** save as an OCI archive, skopeo copy, umoci unpack with all owners. */
export async function throughUmoci(name: string): Promise<void> {
  const archive = join(sandbox.work, 'for-skopeo.tar');
  await podOk(['save', '-q', '--format', 'oci-archive', '-o', archive, name]);
  const layout = join(sandbox.work, 'for-umoci');
  await skopeo('copy', '-q', '--preserve-digests', `oci-archive:${archive}`, `oci:${layout}:copied`);
  const here = await identityOf(name);
  assert.is(JSON.parse(await skopeo('inspect', `oci:${layout}:copied`)).Digest, here.digest);
  const bundle = join(sandbox.work, 'bundle');
  await asRoot('umoci unpack --image "$1:copied" "$2" >&2', [layout, bundle]);
  // Of devices, which nobody can make here, umoci makes empty files; we make nothing.
  const dev = join(bundle, 'rootfs/dev');
  await asRoot('touch -r "$1" "$2"; find "$1" -type f -empty -delete; touch -r "$2" "$1"', [
    dev,
    `${bundle}/time`,
  ]);
  assertListing(await listFiles(join(bundle, 'rootfs')), await listMerged(here));
  await asRoot('rm -rf "$1"', [bundle]);
}

/** skopeo's docker-archive of the store, loaded under another root. */
export async function fromSkopeo(name: string): Promise<void> {
  const archive = join(sandbox.work, 'of-skopeo.tar');
  await skopeo('copy', '-q', `oci:${sandbox.data}/images:${name}`, `docker-archive:${archive}:${name}`);
  const root = otherStore('from-skopeo');
  await podOk(['--root', root, 'load', '-q', '-i', archive]);
  await assertSame(name, root, { digest: false });
}

/** save and load, under another root. */
export async function throughOurselves(name: string, ...formats: string[]): Promise<void> {
  for (const format of formats) {
    const archive = join(sandbox.work, `${format}.tar`);
    await podOk(['save', '-q', '--format', format, '-o', archive, name]);
    const root = otherStore(`after-${format}`);
    await podOk(['--root', root, 'load', '-q', '-i', archive]);
    await assertSame(name, root, { digest: true });
  }
}
