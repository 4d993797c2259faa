import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as assert from 'uvu/assert';
import { unpackLayer } from '../../core/images/unpack/unpack.ts';
import { test } from './harness/index.ts';
import { binary, sandbox } from './harness/sandbox.ts';
import {
  asRoot,
  chunks,
  digest,
  type Item,
  layersDir,
  listing,
  oneId,
  tar,
  unpack,
  unpacked,
} from './unpack-lab.ts';

const at = (seconds: number, nanoseconds = 0) => ({ mtime: { seconds, nanoseconds } });
/** cap_net_raw=ep, version 2: linux/capability.h, struct vfs_cap_data. */
const NET_RAW = Buffer.from('0100000200200000000000000000000000000000', 'hex');
const caps = new Map([['security.capability', NET_RAW]]);

const all: Item[] = [
  { path: './', type: 'directory', mode: 0o755, ...at(1e9) },
  { path: 'etc/', type: 'directory', mode: 0o2750, uid: 5, gid: 6, ...at(1e9 + 1, 500) },
  {
    path: 'etc/passwd',
    type: 'file',
    mode: 0o640,
    uid: 1,
    gid: 42,
    content: 'root',
    ...at(1.1e9, 123456789),
  },
  { path: 'etc/hard', type: 'hardlink', linkTarget: './etc/passwd' },
  { path: 'etc/hard2', type: 'hardlink', linkTarget: '/etc/passwd' },
  { path: 'etc/sym', type: 'symlink', linkTarget: '/nowhere', uid: 7, gid: 8, ...at(1.2e9) },
  { path: 'sym-hard', type: 'hardlink', linkTarget: 'etc/sym' },
  { path: 'bin/su', type: 'file', mode: 0o4755, uid: 3, content: 'x'.repeat(5000), ...at(-100) },
  { path: 'bin/ping', type: 'file', mode: 0o755, content: 'ping', xattrs: caps },
  { path: 'bin/both', type: 'file', mode: 0o6711, uid: 65535, content: 'y', xattrs: caps },
  { path: 'pipe', type: 'fifo', mode: 0o622, uid: 9, ...at(1.3e9) },
  { path: 'locked', type: 'directory', mode: 0, uid: 1000, ...at(1.4e9) },
  { path: 'locked/inside', type: 'file', mode: 0, uid: 2000, content: 'in', ...at(1.5e9) },
  { path: 'empty', type: 'file', ...at(1.6e9) },
  { path: `deep/${'d'.repeat(120)}/${'n'.repeat(250)}`, type: 'file', content: 'long', ...at(1) },
  { path: 'caf\xc3\xa9/\xff\xfe\x01', type: 'file', content: 'bytes', ...at(2) },
  { path: 'attr', type: 'file', xattrs: new Map([['user.bin', Buffer.from([0, 255, 10, 61])]]), ...at(3) },
  { path: 'attrdir', type: 'directory', xattrs: new Map([['user.dir', Buffer.from('d')]]), ...at(4) },
];

test('a layer is as GNU tar unpacks it: owners, modes, times, links, attributes', async () => {
  const bytes = tar(...all);
  const file = join(sandbox.work, 'all.tar');
  writeFileSync(file, bytes);
  const fs = await unpacked(bytes);
  const other = join(sandbox.work, 'gnu');
  mkdirSync(other);
  await asRoot('tar --numeric-owner --xattrs --xattrs-include="*" -xpf "$1" -C "$2"', [file, other]);
  // Directories that the archive doesn't name have the time of unpacking.
  const known = (text: string) =>
    text.split('\n').filter((line) => !/ \.\/(bin|deep|deep\/d+|caf\S+) $/.test(line) || / f /.test(line));
  assert.equal(known(await listing(fs)), known(await listing(other)));
  assert.is(
    await asRoot('diff -r --no-dereference "$1" "$2" 2>&1 || true', [fs, other]).then((text) =>
      text.replace(/.*(fifo|No such file).*\n/g, ''),
    ),
    '',
  );
  const attributes = (directory: string) =>
    asRoot('cd "$1"; getfattr -R -P -d -m "^(user|security.capability)" -e hex . 2>/dev/null || true', [
      directory,
    ]);
  assert.is(await attributes(fs), await attributes(other));
});

test('the built-in image is as umoci unpacks it', async () => {
  const layout = join(sandbox.work, 'layout');
  const bundle = join(sandbox.work, 'bundle');
  mkdirSync(layout);
  execFileSync('tar', ['-xf', join(dirname(binary), 'builtin/busybox.tar'), '-C', layout]);
  const index = JSON.parse(readFileSync(join(layout, 'index.json'), 'utf8'));
  const blob = (digest: string) => readFileSync(join(layout, 'blobs/sha256', digest.slice(7)));
  const manifest = JSON.parse(blob(index.manifests[0].digest).toString());
  execFileSync('umoci', ['unpack', '--rootless', '--image', `${layout}:builtin:busybox`, bundle]);
  const layer = await unpack(blob(manifest.layers[0].digest));
  const fs = join(layersDir, layer.diffId.slice(7), 'fs');
  assert.is(await listing(fs), await listing(join(bundle, 'rootfs')));
});

test('a layer that was only partly removed is unpacked again', async () => {
  const layer = tar({ path: 'removed/x', type: 'file', content: 'x' });
  const fs = await unpacked(layer);
  rmSync(join(fs, '../size'));
  rmSync(join(fs, 'removed/x'));
  assert.is(await unpacked(layer), fs);
  assert.is(readFileSync(join(fs, 'removed/x'), 'utf8'), 'x');
  assert.equal(
    readdirSync(layersDir).filter((name) => name.startsWith('tmp.')),
    [],
  );
});

test('nobody else on the machine gets at the programs of a layer, some of which are set-user-ID', async () => {
  const before = process.umask(0o077);
  const fs = await unpacked(tar({ path: 'umask/x', type: 'file', mode: 0o666 }));
  process.umask(before);
  assert.is(statSync(join(fs, 'umask')).mode & 0o7777, 0o755);
  assert.is(statSync(join(fs, 'umask/x')).mode & 0o7777, 0o666);
  assert.is(statSync(dirname(fs)).mode & 0o7777, 0o700);
  assert.is(statSync(fs).mode & 0o7777, 0o755);
});

test('file capabilities work for the root of the container', async () => {
  const fs = await unpacked(tar(...all));
  assert.match(
    await asRoot('getcap "$1/bin/ping" "$1/bin/both"', [fs]),
    /ping cap_net_raw=ep\n.*both cap_net_raw=ep/,
  );
});

test('sparse files keep their holes', async () => {
  const source = join(sandbox.work, 'holes');
  const archive = join(sandbox.work, 'holes.tar');
  for (const form of [
    '--format=gnu',
    '--format=pax --sparse-version=0.0',
    '--format=pax --sparse-version=0.1',
    '--format=pax --sparse-version=1.0',
  ]) {
    await asRoot(
      'truncate -s 50M "$1"; printf a | dd of="$1" bs=1 seek=20M conv=notrunc 2>/dev/null; tar -S $3 --owner=0 --group=0 -cf "$2" -C "$(dirname "$1")" holes',
      [source, archive, form],
    );
    const fs = await unpacked(readFileSync(archive));
    const got = statSync(join(fs, 'holes'));
    assert.is(got.size, 50 << 20, form);
    assert.ok(got.blocks * 512 < 2 << 20, `${form}: ${got.blocks} blocks`);
    assert.is(readFileSync(join(fs, 'holes')).equals(readFileSync(source)), true, form);
  }
});

test('a layer that is there is taken as it is, and its source is not read', async () => {
  const bytes = tar({ path: 'once', type: 'file', content: '1' });
  await unpacked(bytes);
  const never: AsyncIterable<Uint8Array> = {
    [Symbol.asyncIterator]: () => {
      throw new Error('read');
    },
  };
  const { namespace } = await import('./unpack-lab.ts');
  assert.equal(await unpackLayer(never, { layersDir, namespace, diffId: digest(bytes) }), {
    diffId: digest(bytes),
    size: bytes.length,
  });
});

test('two that unpack the same layer at once both succeed', async () => {
  const bytes = tar({ path: 'twice', type: 'file', content: 'x'.repeat(1 << 20) });
  const both = await Promise.all([unpack(bytes), unpack(bytes, { diffId: digest(bytes) }), unpack(bytes)]);
  for (const layer of both) assert.equal(layer, { diffId: digest(bytes), size: bytes.length });
  assert.equal(
    readdirSync(layersDir).filter((name) => name.startsWith('tmp.')),
    [],
  );
  assert.is(statSync(join(layersDir, digest(bytes).slice(7), 'fs/twice')).size, 1 << 20);
});

test('with one id only, owners are kept in an attribute, and one notice says so', async () => {
  const notices: string[] = [];
  const bytes = tar(...all, { path: 'one-id', type: 'file' });
  const fs = await unpacked(bytes, { namespace: oneId, onNotice: (text) => notices.push(text) });
  assert.is(notices.filter((text) => text.includes('owners')).length, 1);
  assert.match(notices.join('\n'), /^\d+ owners aren't mapped here/);
  const kept = await asRoot(
    'cd "$1"; getfattr --only-values -n user.containers.override_stat etc/passwd; stat -c " %a" etc/passwd',
    [fs],
    { of: oneId },
  );
  assert.is(kept, '1:42:0640 640\n');
  assert.is(await asRoot('getfattr -d "$1/bin/ping" 2>/dev/null', [fs], { of: oneId }), '');
});

test('an owner above the mapped ids is kept likewise', async () => {
  const notices: string[] = [];
  const bytes = tar({ path: 'above', type: 'file', uid: 1_000_000, gid: 3, mode: 0o600 });
  const fs = await unpacked(bytes, { onNotice: (text) => notices.push(text) });
  assert.match(notices[0] ?? '', "1 owners aren't mapped");
  assert.is(
    await asRoot('getfattr --only-values -n user.containers.override_stat "$1/above"', [fs]),
    '1000000:3:0600',
  );
});

test('ten thousand small files and a file of 100 MB arrive whole', async () => {
  const items: Item[] = [];
  for (let i = 0; i < 10_000; i++) {
    if (i % 100 === 0) items.push({ path: `d${i / 100}`, type: 'directory' });
    items.push({ path: `d${Math.floor(i / 100)}/f${i}`, type: 'file', content: `${i}\n`.repeat(i % 50) });
  }
  const big = Buffer.alloc(100 << 20);
  for (let i = 0; i < big.length; i += 4096) big.writeUInt32LE(i, i);
  const fs = await unpacked(tar(...items, { path: 'big', type: 'file', content: big }));
  for (let i = 0; i < 10_000; i += 7)
    assert.is(readFileSync(join(fs, `d${Math.floor(i / 100)}/f${i}`), 'latin1'), `${i}\n`.repeat(i % 50));
  assert.ok(readFileSync(join(fs, 'big')).equals(big));
  assert.is(existsSync(join(fs, 'd99/f9999')), true);
});

test('many chunks of one byte make the same layer', async () => {
  const bytes = tar({ path: 'drip', type: 'file', content: 'drip' }, { path: 'drip2', type: 'file' });
  const { namespace } = await import('./unpack-lab.ts');
  const layer = await unpackLayer(chunks(bytes, 1), { layersDir, namespace });
  assert.is(layer.diffId, digest(bytes));
});

test.run();
