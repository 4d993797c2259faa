import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { encodeFileOps } from '../../../rootless/file-ops.ts';

const meta = { mode: 0o4755, uid: 1, gid: 0xfffffffe, mtime: { seconds: -2, nanoseconds: 999_999_999 } };

interface Decoded {
  op: string;
  path: string;
  body: Buffer;
}

function decode(bytes: Buffer): Decoded[] {
  assert.is(bytes.toString('latin1', 0, 8), 'podops1\n');
  const found: Decoded[] = [];
  for (let at = 8; at < bytes.length; ) {
    const [path, body] = [bytes.readUInt16LE(at + 2), bytes.readUInt32LE(at + 4)];
    assert.is(bytes[at + 1], 0);
    const start = at + 8 + path;
    found.push({
      op: bytes.toString('latin1', at, at + 1),
      path: bytes.toString('latin1', at + 8, start),
      body: bytes.subarray(start, start + body),
    });
    at = start + body;
  }
  return found;
}

test('each operation has its letter, its path and its body', () => {
  const ops = encodeFileOps();
  ops.directory('', meta);
  ops.file('caf\xc3\xa9', meta);
  ops.data(Buffer.from('abc'));
  ops.data(new Uint8Array(0));
  ops.hole(2 ** 40 + 1);
  ops.xattr('user.a', Buffer.from([0, 255]));
  ops.symlink('s', '../t', meta);
  ops.hardLink('h', 'caf\xc3\xa9');
  ops.node('n', meta, 8, 1);
  ops.whiteout('w');
  ops.opaque('o');
  ops.time('', { seconds: 2 ** 33, nanoseconds: 5 });
  ops.sync();
  ops.end();
  const decoded = decode(Buffer.concat(ops.take()));
  assert.equal(
    decoded.map(({ op, path, body }) => [op, path, body.length]),
    [
      ['d', '', 24],
      ['f', 'caf\xc3\xa9', 24],
      ['D', '', 3],
      ['H', '', 8],
      ['x', 'user.a', 2],
      ['l', 's', 28],
      ['h', 'h', 5],
      ['n', 'n', 32],
      ['w', 'w', 0],
      ['o', 'o', 0],
      ['t', '', 12],
      ['s', '', 0],
      ['e', '', 0],
    ],
  );
  assert.is(
    decoded[0]!.body.toString('hex'),
    `ed090000${'01000000'}${'feffffff'}${'ffc99a3b'}${'feffffffffffffff'}`,
  );
  assert.is(decoded[3]!.body.readBigUInt64LE(), 2n ** 40n + 1n);
  assert.is(decoded[5]!.body.toString('latin1', 24), '../t');
  assert.is(decoded[10]!.body.readBigInt64LE(4), 2n ** 33n);
});

test('large data is not copied, small data is, and all of it keeps its order', () => {
  const ops = encodeFileOps();
  const large = Buffer.alloc(100_000, 'L');
  const expected: string[] = [];
  for (let i = 0; i < 3000; i++) {
    ops.file(`file-${i}`, meta);
    const data = i % 100 === 0 ? large : Buffer.from(`${i}`.repeat(i % 200));
    ops.data(data);
    expected.push(`f file-${i}`);
    if (data.length > 0) expected.push(`D ${data.length}`);
    if (i === 1500) expected.push('take');
    if (i === 1500) assert.ok(ops.take().includes(large));
    if (i === 1500) break;
  }
  for (let i = 0; i < 10_000; i++) ops.whiteout('p'.repeat(100));
  const rest = ops.take();
  assert.is(
    rest.reduce((sum, piece) => sum + piece.length, 0),
    10_000 * 108,
  );
  assert.equal(ops.take(), []);
});

test('pieces that were taken do not change when more is encoded', () => {
  const ops = encodeFileOps();
  ops.file('one', meta);
  const first = ops.take();
  const before = Buffer.concat(first);
  for (let i = 0; i < 5000; i++) ops.file(`other-${i}`, meta);
  assert.ok(Buffer.concat(first).equals(before));
  assert.is(decode(Buffer.concat([before, ...ops.take()])).length, 5001);
});

test.run();
