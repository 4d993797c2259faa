import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { paxRecord } from '../../../../core/archive/pax.ts';
import { PodError } from '../../../../core/error.ts';
import { archive, octal, padded, type RawFields, rawEntry, rawHeader, readAll } from './hand-made.ts';

const pax = (records: Record<string, string>, type = 'x'): Buffer =>
  rawEntry(
    { name: 'PaxHeaders/x', type },
    Object.entries(records)
      .map(([key, value]) => paxRecord(key, value))
      .join(''),
  );

function refusal(bytes: Uint8Array): string {
  try {
    readAll(bytes);
  } catch (error) {
    assert.instance(error, PodError);
    assert.is((error as PodError).code, 'invalid');
    return (error as PodError).why ?? '';
  }
  assert.unreachable('the archive was read');
  return '';
}

test('a file, a directory, links, devices and a fifo are read from ustar headers', () => {
  const device = (block: Buffer): void => {
    block.write('0000010', 329, 'latin1');
    block.write('0000003', 337, 'latin1');
  };
  const read = readAll(
    archive(
      rawEntry({ name: 'dir/', type: '5', mode: '0041755' }),
      rawEntry(
        { name: 'name', prefix: 'a/long/prefix', uid: '0001750', gid: '0000012', mtime: octal(1e9) },
        'hello',
      ),
      rawEntry({ name: 'sym', type: '2', link: '../x' }),
      rawEntry({ name: 'hard', type: '1', link: 'dir/file', size: octal(99) }),
      rawEntry({ name: 'null', type: '3', patch: device }),
      rawEntry({ name: 'disk', type: '4', patch: device }),
      rawEntry({ name: 'pipe', type: '6' }),
    ),
  );
  assert.equal(
    read.map(({ entry }) => [entry.path, entry.type, entry.linkTarget]),
    [
      ['dir/', 'directory', ''],
      ['a/long/prefix/name', 'file', ''],
      ['sym', 'symlink', '../x'],
      ['hard', 'hardlink', 'dir/file'],
      ['null', 'char', ''],
      ['disk', 'block', ''],
      ['pipe', 'fifo', ''],
    ],
  );
  const file = read[1]!;
  assert.is(file.data.toString(), 'hello');
  assert.equal([file.entry.uid, file.entry.gid, file.entry.size], [1000, 10, 5]);
  assert.equal(file.entry.mtime, { seconds: 1e9, nanoseconds: 0 });
  assert.is(read[0]!.entry.mode, 0o1755);
  assert.equal([read[4]!.entry.major, read[4]!.entry.minor], [8, 3]);
});

test('the reading does not depend on how the bytes are cut', () => {
  const bytes = archive(
    pax({ path: 'p'.repeat(300), mtime: '12.5', 'SCHILY.xattr.user.a': '\0\n=\xff' }),
    rawEntry({}, 'x'.repeat(1300)),
    rawEntry({ name: '././@LongLink', type: 'L' }, `${'l'.repeat(600)}\0`),
    rawEntry({ magic: 'ustar  \0' }, 'y'.repeat(512)),
    rawEntry({ name: 'empty' }),
  );
  const whole = readAll(bytes);
  for (const chunk of [1, 7, 511, 512, 513, 1024, 1500])
    assert.equal(readAll(bytes, chunk), whole, `${chunk}`);
  assert.equal(
    whole.map(({ entry, data }) => [entry.path.length, data.length]),
    [
      [300, 1300],
      [600, 512],
      [5, 0],
    ],
  );
});

test('pax records win over the header, local ones over global ones, and an empty value takes one back', () => {
  const read = readAll(
    archive(
      pax({ uid: '70000', gname: 'x', comment: 'abc', 'SCHILY.xattr.user.g': 'all' }, 'g'),
      pax({ path: 'long', linkpath: 'to', size: '3', uid: '3000000', mtime: '-1.25' }),
      rawEntry({ name: 'short', size: octal(0) }),
      padded('abc'),
      rawEntry({ name: 'global' }),
      pax({ uid: '' }),
      rawEntry({ name: 'none', uid: '0000007' }),
    ),
  );
  assert.equal(
    read.map(({ entry, data }) => [
      entry.path,
      entry.uid,
      data.toString(),
      entry.mtime.seconds,
      entry.mtime.nanoseconds,
    ]),
    [
      ['long', 3_000_000, 'abc', -2, 750_000_000],
      ['global', 70_000, '', 0, 0],
      ['none', 70_000, '', 0, 0],
    ],
  );
  assert.is(Buffer.from(read[1]!.entry.xattrs.get('user.g')!).toString(), 'all');
});

test('binary attributes keep every byte, in both forms', () => {
  const value = Buffer.from(Array.from({ length: 256 }, (_, i) => i)).toString('latin1');
  const read = readAll(
    archive(
      pax({
        'SCHILY.xattr.security.capability': value,
        'LIBARCHIVE.xattr.user.a%3Db': Buffer.from(value, 'latin1').toString('base64'),
      }),
      rawEntry({}),
    ),
  );
  const xattrs = read[0]!.entry.xattrs;
  assert.is(Buffer.from(xattrs.get('security.capability')!).toString('latin1'), value);
  assert.is(Buffer.from(xattrs.get('user.a=b')!).toString('latin1'), value);
});

test('numbers in base 256 are read, negative times too', () => {
  const number = (value: bigint, length: number): Buffer => {
    const field = Buffer.alloc(length);
    let rest = value < 0n ? (1n << BigInt(8 * length)) + value : value;
    for (let i = length - 1; i >= 0; i--, rest >>= 8n) field[i] = Number(rest & 255n);
    field[0]! |= 0x80;
    return field;
  };
  const [read] = readAll(
    archive(
      rawEntry({ uid: number(3_000_000_000n, 8), mtime: number(-5n, 12), size: number(4n, 12) }, 'four'),
    ),
  );
  assert.equal(
    [read!.entry.uid, read!.entry.mtime.seconds, read!.data.toString()],
    [3_000_000_000, -5, 'four'],
  );
  assert.match(refusal(archive(rawHeader({ size: number(1n << 70n, 12) }))), 'too large');
  assert.match(refusal(archive(rawHeader({ size: number(-1n, 12) }))), 'negative size');
});

test('a checksum over signed bytes is taken, a wrong one refused', () => {
  const header = rawHeader({ name: 'f\xe9\xff' });
  const signed = header.reduce(
    (sum, byte, i) => (i >= 148 && i < 156 ? sum + 32 : sum + ((byte << 24) >> 24)),
    0,
  );
  header.write(`${signed.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  assert.is(readAll(archive(header))[0]!.entry.path, 'f\xe9\xff');
  assert.match(refusal(archive(rawHeader({ checksum: '0000001\0' }))), /checksum, at byte 0/);
});

test('an old file whose name ends in a slash is a directory, and the NUL type is a file', () => {
  const read = readAll(
    archive(
      rawEntry({ name: 'd/', type: '\0', magic: '' }),
      rawEntry({ name: 'f', type: '\0', magic: '' }, 'x'),
    ),
  );
  assert.equal(
    read.map(({ entry }) => entry.type),
    ['directory', 'file'],
  );
});

test('an archive may end without blocks of zeros, after one, and be followed by anything', () => {
  const entry = rawEntry({}, 'x');
  assert.is(readAll(entry).length, 1);
  assert.is(readAll(Buffer.concat([entry, Buffer.alloc(512)])).length, 1);
  assert.is(readAll(Buffer.concat([archive(entry), Buffer.from('garbage')])).length, 1);
  assert.is(readAll(Buffer.alloc(0)).length, 0);
  assert.is(readAll(Buffer.alloc(10240)).length, 0);
});

test('what was cut off is refused wherever the cut is', () => {
  const bytes = Buffer.concat([pax({ path: 'a' }), rawEntry({}, 'x'.repeat(700)), rawEntry({ name: 'b' })]);
  const whole = new Set([0, bytes.length, bytes.length - 512]);
  for (let end = 1; end < bytes.length; end += 37) {
    if (whole.has(end)) continue;
    assert.match(refusal(bytes.subarray(0, end)), 'cut off', `${end}`);
  }
  assert.match(refusal(archive(pax({ path: 'a' }))), 'belongs to nothing');
  assert.match(refusal(pax({ path: 'a' })), 'cut off');
});

test('a lone block of zeros inside an archive is refused', () => {
  assert.match(refusal(Buffer.concat([Buffer.alloc(512), rawEntry({})])), 'lone block');
});

const refused: [string, Buffer, string][] = [
  ['no name', rawEntry({ name: '' }), 'without a name'],
  ['a NUL in a pax name', Buffer.concat([pax({ path: 'a\0b' }), rawEntry({})]), 'NUL'],
  ['a NUL in a pax link', Buffer.concat([pax({ linkpath: 'a\0b' }), rawEntry({ type: '2' })]), 'NUL'],
  [
    'a name that is too long',
    Buffer.concat([pax({ path: 'a/'.repeat(2048) }), rawEntry({})]),
    'name of more than',
  ],
  [
    'a link that is too long',
    Buffer.concat([pax({ linkpath: 'a'.repeat(5000) }), rawEntry({ type: '2' })]),
    'link of',
  ],
  ['a link to nothing', rawEntry({ type: '2' }), 'link to nothing'],
  ['an unknown type', rawEntry({ type: 'Q' }), 'unknown type "Q"'],
  ['a multi-volume part', rawEntry({ type: 'M' }), 'unknown type "M"'],
  ['a size that is no number', rawEntry({ size: '12x' }), 'not octal'],
  ['a pax header of 2 MiB', rawEntry({ type: 'x', size: octal(2 << 20) }), 'extended header of more than'],
  ['a long name of 2 MiB', rawEntry({ type: 'L', size: octal(2 << 20) }), 'extended header of more than'],
  ['a pax length past the end', rawEntry({ type: 'x' }, '99 path=a\n'), 'broken record'],
  ['a pax length of 0', rawEntry({ type: 'x' }, '0 path=a\n'), 'broken length'],
  ['a pax record without a value', rawEntry({ type: 'x' }, '7 path\n'), 'broken record'],
  ['a pax size that is negative', Buffer.concat([pax({ size: '-1' }), rawEntry({})]), 'broken size'],
  ['a pax size past 2^53', Buffer.concat([pax({ size: '9999999999999999' }), rawEntry({})]), 'broken size'],
  ['a pax time that is none', Buffer.concat([pax({ mtime: 'now' }), rawEntry({})]), 'broken mtime'],
  ['an owner of 2^32 - 1', Buffer.concat([pax({ uid: '4294967295' }), rawEntry({})]), 'owner'],
  [
    'too many global records',
    rawEntry({ type: 'g' }, Array.from({ length: 101 }, (_, i) => paxRecord(`k${i}`, 'v')).join('')),
    'too many global',
  ],
];
for (const [what, bytes, why] of refused)
  test(`${what} is refused`, () => {
    assert.match(refusal(archive(bytes)), why);
    assert.match(refusal(archive(bytes)), /at byte \d+/);
  });

test('an error names the entry without its control characters', () => {
  const bytes = archive(rawEntry({ name: 'fine' }), pax({ path: 'x\x1b[31m\n' }), rawEntry({ type: '2' }));
  assert.match(refusal(bytes), /link to nothing, at byte 1536$/);
  const sparse = Buffer.concat([
    pax({ path: 'x\x1b[31m\n', 'GNU.sparse.map': '5,1,0,1', 'GNU.sparse.size': '9' }),
    rawEntry({ size: octal(2) }, 'ab'),
  ]);
  assert.match(refusal(sparse), 'entry x\\u{1b}[31m\\u{a}');
});

const old = (size: number, pieces: [number, number][], more = false): RawFields => ({
  name: 'sparse',
  type: 'S',
  magic: 'ustar  \0',
  patch: (block) => {
    pieces.forEach(([offset, length], i) => {
      block.write(octal(offset), 386 + i * 24, 'latin1');
      block.write(octal(length), 398 + i * 24, 'latin1');
    });
    block[482] = more ? 1 : 0;
    block.write(octal(size), 483, 'latin1');
  },
});

test('sparse files of all formats come with their holes', () => {
  const expected = Buffer.alloc(3000);
  expected.write('ab', 1000);
  expected.write('c', 2000);
  const pieces = { 'GNU.sparse.name': 'sparse', 'GNU.sparse.realsize': '3000' };
  const forms: Record<string, Buffer> = {
    old: rawEntry(old(3000, [[1000, 2], [2000, 1], [3000, 0]]), 'abc'), // biome-ignore format: a list
    'old, continued': Buffer.concat([
      rawHeader({ ...old(3000, [[1000, 2]], true), size: octal(3) }),
      rawHeader({ patch: (b) => b.fill(0).write(`${octal(2000)}\0${octal(1)}`, 0, 'latin1') }).fill(0, 100),
      padded('abc'),
    ]),
    '0.0': Buffer.concat([
      rawEntry(
        { type: 'x' },
        [
          paxRecord('GNU.sparse.size', '3000'),
          paxRecord('GNU.sparse.numblocks', '2'),
          paxRecord('GNU.sparse.offset', '1000'),
          paxRecord('GNU.sparse.numbytes', '2'),
          paxRecord('GNU.sparse.offset', '2000'),
          paxRecord('GNU.sparse.numbytes', '1'),
        ].join(''),
      ),
      rawEntry({ name: 'sparse' }, 'abc'),
    ]),
    '0.1': Buffer.concat([pax({ ...pieces, 'GNU.sparse.map': '1000,2,2000,1' }), rawEntry({}, 'abc')]),
    '1.0': Buffer.concat([
      pax({ ...pieces, 'GNU.sparse.major': '1', 'GNU.sparse.minor': '0' }),
      rawEntry({}, Buffer.concat([padded('2\n1000\n2\n2000\n1\n'), Buffer.from('abc')])),
    ]),
  };
  for (const [form, bytes] of Object.entries(forms))
    for (const chunk of [bytes.length, 100]) {
      const [read] = readAll(archive(bytes), chunk);
      assert.is(read!.entry.path, 'sparse', form);
      assert.is(read!.entry.size, 3000, form);
      assert.equal(read!.data, expected, form);
      assert.equal(
        read!.holes,
        [
          [0, 1000],
          [1002, 998],
          [2001, 999],
        ],
        form,
      );
    }
});

test('a sparse map that lies is refused', () => {
  const lies: [Buffer, string][] = [
    [rawEntry(old(10, [[5, 2], [4, 1]]), 'abc'), 'overlap'], // biome-ignore format: a list
    [rawEntry(old(10, [[9, 3]]), 'abc'), 'past the end'],
    [rawEntry(old(10, [[0, 2]]), 'abc'), 'does not fit'],
    [Buffer.concat([pax({ 'GNU.sparse.map': '1,2,3' }), rawEntry({})]), 'odd number'],
    [Buffer.concat([pax({ 'GNU.sparse.map': '1,-2' }), rawEntry({})]), 'is none'],
    [Buffer.concat([pax({ 'GNU.sparse.major': '2' }), rawEntry({})]), 'unknown version'],
    [Buffer.concat([pax({ 'GNU.sparse.major': '1' }), rawEntry({})]), 'without its map'],
    [Buffer.concat([pax({ 'GNU.sparse.major': '1' }), rawEntry({}, 'x'.repeat(512))]), 'broken sparse map'],
    [Buffer.concat([pax({ 'GNU.sparse.major': '1' }), rawEntry({}, padded('9999999\n'))]), 'too large'],
    [Buffer.concat([pax({ 'GNU.sparse.major': '1' }), rawEntry({}, padded('3\n1\n'))]), 'broken sparse map'],
  ];
  for (const [bytes, why] of lies) assert.match(refusal(archive(bytes)), why);
});

test.run();
