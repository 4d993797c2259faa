import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { encodeFileOps } from '../../../rootless/file-ops.ts';
import { type FoundEntry, parseFileStream } from '../../../rootless/file-stream.ts';

const meta = { mode: 0o4755, uid: 1, gid: 0xfffffffe, mtime: { seconds: -2, nanoseconds: 999_999_999 } };

function collect(bytes: Buffer, size: number): unknown[] {
  const seen: unknown[] = [];
  let data: Buffer[] = [];
  const settle = () => {
    if (data.length > 0) seen.push(Buffer.concat(data).toString('latin1'));
    data = [];
  };
  const note = (what: unknown) => {
    settle();
    seen.push(what);
  };
  const parser = parseFileStream({
    entry: (entry: FoundEntry) => note(`${entry.type} ${entry.path} ${entry.linkTarget}`),
    data: (chunk) => void data.push(Buffer.from(chunk)),
    hole: (length) => note(length),
    whiteout: (path, below) => note(`whiteout ${path} ${below}`),
  });
  for (let at = 0; at < bytes.length; at += size) parser.write(bytes.subarray(at, at + size));
  parser.end();
  settle();
  return seen;
}

function sample(): Buffer {
  const ops = encodeFileOps();
  ops.directory('', meta);
  ops.xattr('user.a', Buffer.from([0, 255]));
  ops.file('caf\xc3\xa9', meta);
  ops.data(Buffer.from('abc'));
  ops.hole(2 ** 40 + 1);
  ops.data(Buffer.alloc(40_000, 'x'));
  ops.symlink('s', '../t', meta);
  ops.node('n', { ...meta, mode: 0o010600 }, 8, 1);
  ops.whiteout('gone');
  ops.end();
  return Buffer.concat(ops.take());
}

test('whatever the pieces, the same entries come out', () => {
  const expected = [
    'directory  ',
    'file caf\xc3\xa9 ',
    'abc',
    2 ** 40 + 1,
    'x'.repeat(40_000),
    'symlink s ../t',
    'fifo n ',
    'whiteout gone false',
  ];
  for (const size of [1, 3, 7, 4096, 1 << 20]) assert.equal(collect(sample(), size), expected);
});

test('an entry has all that is known of it', () => {
  const body = Buffer.alloc(44);
  body.writeUInt32LE(0o640, 0);
  body.writeUInt32LE(7, 4);
  body.writeUInt32LE(8, 8);
  body.writeUInt32LE(5, 12);
  body.writeBigInt64LE(-1n, 16);
  body.writeBigUInt64LE(5n * 2n ** 32n, 24);
  body.writeUInt32LE(6, 32);
  body.writeBigInt64LE(9n, 36);
  const map = Buffer.alloc(32);
  map.writeBigUInt64LE(4096n, 0);
  map.writeBigUInt64LE(10n, 8);
  map.writeBigUInt64LE(2n ** 33n, 16);
  map.writeBigUInt64LE(1n, 24);
  const operation = (op: string, below: number, path: string, bytes: Buffer) => {
    const head = Buffer.alloc(8);
    head.write(op);
    head[1] = below;
    head.writeUInt16LE(path.length, 2);
    head.writeUInt32LE(bytes.length, 4);
    return Buffer.concat([head, Buffer.from(path), bytes]);
  };
  const found: FoundEntry[] = [];
  const parser = parseFileStream({ entry: (entry) => found.push(entry), data: () => {}, hole: () => {} });
  parser.write(
    Buffer.concat([
      Buffer.from('podops1\n'),
      operation('f', 1, 'a', body),
      operation('x', 0, 'user.k', Buffer.from('v')),
      operation('m', 0, '', map),
      operation('e', 0, '', Buffer.alloc(0)),
    ]),
  );
  parser.end();
  assert.equal(found, [
    {
      path: 'a',
      type: 'file',
      linkTarget: '',
      size: 5 * 2 ** 32,
      mode: 0o640,
      uid: 7,
      gid: 8,
      mtime: { nanoseconds: 5, seconds: -1 },
      major: 0,
      minor: 0,
      xattrs: new Map([['user.k', new Uint8Array(Buffer.from('v'))]]),
      below: 'other',
      ctime: { nanoseconds: 6, seconds: 9 },
      pieces: [
        { offset: 4096, length: 10 },
        { offset: 2 ** 33, length: 1 },
      ],
    },
  ]);
});

test('a stream that is none, was cut off or goes on is an error', () => {
  const whole = sample();
  assert.throws(() => collect(Buffer.from('podops2\n'), 8), /another version/);
  for (const length of [4, 20, whole.length - 1])
    assert.throws(() => collect(whole.subarray(0, length), 64), /cut off/);
  assert.throws(() => collect(Buffer.concat([whole, Buffer.from('x')]), 1 << 20), /after its end/);
  const unknown = Buffer.concat([Buffer.from('podops1\n'), Buffer.from('?\0\0\0\0\0\0\0')]);
  assert.throws(() => collect(unknown, 64), /an operation "\?"/);
});

test.run();
