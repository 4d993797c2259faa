/** The codec beside GNU tar and Python's tarfile: what they write is read, and what is written they read. */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type NewEntry, tarEnd, tarHeader, tarPadding } from '../../../../core/archive/tar-writer.ts';
import { skip } from '../../../runner/skip.ts';
import { readAll } from './hand-made.ts';

const test = suite<{ dir: string }>('oracles');
test.before.each((context) => {
  context.dir = mkdtempSync(join(tmpdir(), 'tar-oracles-'));
});
test.after.each((context) => rmSync(context.dir, { recursive: true, force: true }));

function gnuTar(args: string[], input?: Buffer): string {
  const done = spawnSync('tar', args, {
    input,
    encoding: 'latin1',
    env: { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' },
  });
  if (done.error) skip('GNU tar is not installed');
  assert.is(done.status, 0, done.stderr);
  return done.stdout;
}

function python(script: string, input: Buffer): unknown {
  const done = spawnSync('python3', ['-c', script], { input, encoding: 'utf8', maxBuffer: 64 << 20 });
  if (done.error) skip('Python is not installed');
  assert.is(done.status, 0, done.stderr);
  return JSON.parse(done.stdout);
}

function makeTree(dir: string): void {
  const long = 'l'.repeat(90);
  mkdirSync(join(dir, 'tree/sub', long), { recursive: true });
  writeFileSync(join(dir, 'tree/empty'), '');
  writeFileSync(join(dir, 'tree/sub/file'), 'x'.repeat(1000), { mode: 0o755 });
  writeFileSync(join(dir, 'tree/sub', long, long), 'deep');
  writeFileSync(join(dir, `tree/caf\u00e9`), 'utf8');
  symlinkSync('../'.repeat(50), join(dir, 'tree/link'));
  linkSync(join(dir, 'tree/sub/file'), join(dir, 'tree/sub/hard'));
  utimesSync(join(dir, 'tree/empty'), 1e9, 1234567890.25);
}

for (const format of ['v7', 'oldgnu', 'gnu', 'ustar', 'pax'])
  test(`what GNU tar writes as ${format} is read`, ({ dir }) => {
    makeTree(dir);
    const file = join(dir, 'out.tar');
    // v7 and ustar refuse names that don't fit: those formats get a tree without them.
    if (format === 'v7' || format === 'ustar') rmSync(join(dir, 'tree/link'));
    if (format === 'v7') rmSync(join(dir, 'tree/sub'), { recursive: true });
    const owner = format === 'v7' || format === 'ustar' ? '2097151' : '3000000';
    gnuTar([
      '--format',
      format,
      '--sort=name',
      `--owner=x:${owner}`,
      '--group=y:7',
      '-cf',
      file,
      '-C',
      dir,
      'tree',
    ]);
    const read = readAll(readFileSync(file));
    const listed = gnuTar(['--numeric-owner', '--full-time', '--quoting-style=literal', '-tvf', file]);
    const letters = {
      file: '-',
      directory: 'd',
      symlink: 'l',
      hardlink: 'h',
      char: 'c',
      block: 'b',
      fifo: 'p',
    };
    const ours = read.map(({ entry, data }) => {
      assert.is(data.length, entry.size);
      const arrow =
        entry.type === 'symlink'
          ? ` -> ${entry.linkTarget}`
          : entry.type === 'hardlink'
            ? ` link to ${entry.linkTarget}`
            : '';
      return `${letters[entry.type]} ${entry.uid}/${entry.gid} ${entry.size} ${entry.path}${arrow}`;
    });
    const theirs = listed
      .trim()
      .split('\n')
      .map((line) => line.replace(/^(.)\S+ +(\S+) +(\d+) +\S+ +\S+ +/, '$1 $2 $3 '));
    assert.equal(ours, theirs);
    const empty = read.find(({ entry }) => entry.path === 'tree/empty')!.entry;
    assert.equal(empty.mtime, { seconds: 1234567890, nanoseconds: format === 'pax' ? 250_000_000 : 0 });
    if (format !== 'v7')
      assert.is(read.find(({ entry }) => entry.path.endsWith('sub/file'))!.entry.mode, 0o755);
  });

for (const args of [
  ['--format=gnu'],
  ['--format=pax', '--sparse-version=0.0'],
  ['--format=pax', '--sparse-version=0.1'],
  ['--format=pax', '--sparse-version=1.0'],
])
  test(`a sparse file of 60 pieces is read from ${args.join(' ')}`, ({ dir }) => {
    const path = join(dir, 'holes');
    writeFileSync(path, '');
    truncateSync(path, 8 << 20);
    const handle = Array.from(
      { length: 60 },
      (_, i) => `printf ${i} | dd of="$1" bs=1 seek=${i * 131072 + 4096} conv=notrunc 2>/dev/null`,
    );
    execFileSync('sh', ['-c', handle.join('\n'), 'sh', path]);
    gnuTar([...args, '-Scf', join(dir, 'out.tar'), '-C', dir, 'holes']);
    const [read] = readAll(readFileSync(join(dir, 'out.tar')), 10_000);
    assert.is(read!.entry.path, 'holes');
    assert.ok(read!.data.equals(readFileSync(path)));
    assert.ok(read!.holes.length >= 50);
  });

const odd: (NewEntry & { content?: Buffer })[] = [
  { path: 'dir', type: 'directory', mode: 0o1777, mtime: { seconds: 1e9, nanoseconds: 0 } },
  {
    path: 'file',
    type: 'file',
    content: Buffer.from('hello'),
    uid: 1000,
    gid: 10,
    mtime: { seconds: 1e9, nanoseconds: 123456789 },
  },
  { path: `${'p'.repeat(150)}/${'n'.repeat(99)}`, type: 'file', content: Buffer.alloc(512, 'x') },
  {
    path: 'x'.repeat(300),
    type: 'file',
    content: Buffer.alloc(513, 'y'),
    uid: 3_000_000_000,
    gid: 4_000_000_000,
  },
  { path: `${'d/'.repeat(200)}end`, type: 'directory' },
  { path: 'link', type: 'symlink', linkTarget: 't'.repeat(200), mode: 0o777 },
  { path: 'hard', type: 'hardlink', linkTarget: 'file' },
  { path: 'null', type: 'char', major: 1, minor: 3, mode: 0o666 },
  { path: 'disk', type: 'block', major: 8, minor: 17 },
  { path: 'pipe', type: 'fifo', mode: 0o4600 },
  { path: 'old', type: 'file', mtime: { seconds: -2, nanoseconds: 750_000_000 } },
  { path: 'late', type: 'file', mtime: { seconds: 2 ** 34, nanoseconds: 0 } },
  { path: 'caf\xc3\xa9', type: 'file', mode: 0o4755 },
  {
    path: 'attributes',
    type: 'file',
    xattrs: new Map([
      ['security.capability', Buffer.from([1, 0, 0, 2, 0, 32, 0, 0, 10, 61, 255])],
      ['user.a', Buffer.from('text')],
    ]),
  },
];

function written(): Buffer {
  const parts = odd.flatMap(({ content = Buffer.alloc(0), ...entry }) => [
    tarHeader({ ...entry, size: content.length }),
    content,
    tarPadding(content.length),
  ]);
  return Buffer.concat([...parts, tarEnd()]);
}

test('what is written is read back as it was, and is the same twice', () => {
  const read = readAll(written());
  assert.equal(
    read.map(({ entry, data }) => ({
      ...entry,
      xattrs: [...entry.xattrs].map(([k, v]) => [k, [...v]]),
      data: data.toString(),
    })),
    odd.map(({ content = Buffer.alloc(0), ...entry }) => ({
      path: entry.type === 'directory' ? `${entry.path}/` : entry.path,
      type: entry.type,
      linkTarget: entry.linkTarget ?? '',
      size: content.length,
      mode: entry.mode ?? (entry.type === 'directory' ? 0o755 : 0o644),
      uid: entry.uid ?? 0,
      gid: entry.gid ?? 0,
      mtime: entry.mtime ?? { seconds: 0, nanoseconds: 0 },
      major: entry.major ?? 0,
      minor: entry.minor ?? 0,
      xattrs: [...(entry.xattrs ?? [])].map(([k, v]) => [k, [...v]]),
      data: content.toString(),
    })),
  );
  assert.ok(written().equals(written()));
});

test('what is written GNU tar lists in the same way', () => {
  const listed = gnuTar(['--numeric-owner', '--full-time', '-tvf', '-'], written()).trim().split('\n');
  assert.is(listed.length, odd.length);
  assert.match(listed[1]!, /^-rw-r--r-- 1000\/10 +5 2001-09-09 01:46:40\.123456789 file$/);
  assert.match(listed[3]!, /^-rw-r--r-- 3000000000\/4000000000 +513 /);
  assert.match(listed[7]!, /^crw-rw-rw- 0\/0 +1,3 .* null$/);
  assert.match(listed[9]!, /^prwS/);
  assert.match(listed[10]!, /^-rw-r--r-- .* 1969-12-31 .* old$/);
  assert.match(listed[11]!, /2514-05-30 01:53:04 +late$/);
});

test("what is written Python's tarfile reads in the same way", () => {
  const script = `
import sys, tarfile, json, io
t = tarfile.open(fileobj=io.BytesIO(sys.stdin.buffer.read()), errors='surrogateescape', encoding='latin1')
print(json.dumps([[m.name, m.type.decode(), m.linkname, m.size, m.mode, m.uid, m.gid, float(m.mtime), m.devmajor, m.devminor,
  t.extractfile(m).read().decode() if m.isreg() else ''] for m in t]))`;
  // In pax headers tarfile takes names for UTF-8; none of the long ones here has other characters.
  const theirs = python(script, written());
  const flags = { file: '0', hardlink: '1', symlink: '2', char: '3', block: '4', directory: '5', fifo: '6' };
  assert.equal(
    theirs,
    odd.map(({ content = Buffer.alloc(0), ...entry }) => [
      entry.path,
      flags[entry.type],
      entry.linkTarget ?? '',
      content.length,
      entry.mode ?? (entry.type === 'directory' ? 0o755 : 0o644),
      entry.uid ?? 0,
      entry.gid ?? 0,
      (entry.mtime?.seconds ?? 0) + (entry.mtime?.nanoseconds ?? 0) / 1e9,
      entry.major ?? 0,
      entry.minor ?? 0,
      content.toString(),
    ]),
  );
});

for (const format of ['USTAR', 'GNU', 'PAX'])
  test(`what Python writes as ${format} is read`, () => {
    const script = `
import sys, tarfile, json, io, base64
out = io.BytesIO()
t = tarfile.open(fileobj=out, mode='w', format=tarfile.${format}_FORMAT)
big = '${format}' != 'USTAR'
for name, kind, size, extra in [('f', tarfile.REGTYPE, 700, {}), ('d', tarfile.DIRTYPE, 0, {'mode': 0o700}),
    ('p/' * 60 + 'n' * 80, tarfile.REGTYPE, 1, {}), ('s', tarfile.SYMTYPE, 0, {'linkname': 'f'}), ('h', tarfile.LNKTYPE, 0, {'linkname': 'f'}),
    ('c', tarfile.CHRTYPE, 0, {'devmajor': 5, 'devminor': 1}), ('q', tarfile.FIFOTYPE, 0, {}),
    ('u', tarfile.REGTYPE, 3, {'uid': 3000000000 if big else 5, 'mtime': -7 if big else 7})] + ([('x' * 500, tarfile.REGTYPE, 2, {})] if big else []):
  i = tarfile.TarInfo(name); i.type = kind; i.size = size
  for k, v in extra.items(): setattr(i, k, v)
  t.addfile(i, io.BytesIO(b'z' * size))
t.close()
print(json.dumps(base64.b64encode(out.getvalue()).decode()))`;
    const bytes = Buffer.from(python(script, Buffer.alloc(0)) as string, 'base64');
    const read = readAll(bytes);
    const big = format !== 'USTAR';
    assert.equal(
      read.map(({ entry, data }) => [entry.path, entry.type, data.length, entry.linkTarget]),
      [
        ['f', 'file', 700, ''],
        ['d/', 'directory', 0, ''],
        [`${'p/'.repeat(60)}${'n'.repeat(80)}`, 'file', 1, ''],
        ['s', 'symlink', 0, 'f'],
        ['h', 'hardlink', 0, 'f'],
        ['c', 'char', 0, ''],
        ['q', 'fifo', 0, ''],
        ['u', 'file', 3, ''],
        ...(big ? [['x'.repeat(500), 'file', 2, '']] : []),
      ],
    );
    assert.equal([read[5]!.entry.major, read[5]!.entry.minor], [5, 1]);
    assert.equal([read[7]!.entry.uid, read[7]!.entry.mtime.seconds], big ? [3_000_000_000, -7] : [5, 7]);
  });

test.run();
