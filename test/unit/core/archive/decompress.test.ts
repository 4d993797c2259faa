import { gzipSync, zstdCompressSync } from 'node:zlib';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { compressionOf, decompress, type ExpansionLimit } from '../../../../core/archive/decompress.ts';
import { PodError } from '../../../../core/error.ts';

async function* cut(bytes: Uint8Array, size = bytes.length || 1): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function all(source: AsyncIterable<Uint8Array>, limit?: ExpansionLimit): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const chunk of decompress(source, limit)) parts.push(chunk);
  return Buffer.concat(parts);
}

/** As a layer is read: in memory that is used again, without gzip's checksum. */
async function layer(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const chunk of decompress(source, undefined, { turns: 3, unchecked: true }))
    parts.push(Buffer.from(chunk));
  return Buffer.concat(parts);
}

async function failure(work: Promise<unknown>): Promise<PodError> {
  try {
    await work;
  } catch (error) {
    assert.instance(error, PodError);
    return error as PodError;
  }
  assert.unreachable();
  throw new Error();
}

const text = Buffer.from(Array.from({ length: 5_000 }, (_, i) => `line ${i}\n`).join(''));

test('gzip, zstd and plain data are told apart by what they begin with', async () => {
  for (const [form, packed] of [
    ['gzip', gzipSync(text)],
    ['zstd', zstdCompressSync(text)],
    ['none', text],
  ] as const) {
    assert.is(compressionOf(packed), form);
    for (const size of [1, 3, 1000, packed.length]) {
      if (size === 1 && form === 'none') continue;
      assert.ok((await all(cut(packed, size))).equals(text), `${form} in pieces of ${size}`);
    }
  }
  assert.is((await all(cut(Buffer.alloc(0)))).length, 0);
  assert.is((await all(cut(Buffer.from('ab'), 1))).toString(), 'ab');
});

test('without its checksum gzip is read as with it: members, padding, headers of every kind', async () => {
  const half = text.length >> 1;
  const plain = gzipSync(text);
  const fields = Buffer.from('\x05\0extra' + 'name\0' + 'comment\0' + 'cc', 'latin1');
  const dressed = Buffer.concat([
    plain.subarray(0, 3),
    Buffer.of(30),
    plain.subarray(4, 10),
    fields,
    plain.subarray(10),
  ]);
  const two = Buffer.concat([gzipSync(text.subarray(0, half)), gzipSync(text.subarray(half))]);
  const padded = Buffer.concat([two, Buffer.alloc(5000)]);
  const large = Buffer.alloc(5 << 20, text);
  for (const [packed, whole] of [
    [plain, text],
    [dressed, text],
    [two, text],
    [padded, text],
    [gzipSync(''), Buffer.alloc(0)],
    [gzipSync(large), large],
  ] as const) {
    const sizes = [1000, packed.length, packed.length - 8, packed.length - 4];
    for (const size of whole === large ? sizes : [1, 7, ...sizes])
      assert.ok((await layer(cut(packed, size))).equals(whole), `pieces of ${size}`);
    for (const missing of packed === padded ? [] : [1, 4, 8, 9, 12])
      assert.is((await failure(layer(cut(packed.subarray(0, -missing))))).why, 'it is cut off');
  }
  assert.is(
    (await failure(layer(cut(Buffer.concat([plain, Buffer.from('x')]))))).why,
    'incorrect header check',
  );
});

test('xz and bzip2 are named in the refusal', async () => {
  assert.match((await failure(all(cut(Buffer.from('fd377a585a0000', 'hex'))))).message, 'xz');
  assert.match((await failure(all(cut(Buffer.from('BZh91AY'))))).message, 'bzip2');
  assert.is((await failure(all(cut(Buffer.from('BZh91AY'))))).code, 'unsupported');
});

test('several members, in one piece or cut at their seam, and zeros after them are one stream', async () => {
  const half = text.length >> 1;
  for (const pack of [gzipSync, zstdCompressSync]) {
    const [one, two] = [pack(text.subarray(0, half)), pack(text.subarray(half))];
    const both = Buffer.concat([one, two]);
    for (const size of [both.length, one.length, 1000]) {
      assert.ok((await all(cut(both, size))).equals(text), `${pack.name} in pieces of ${size}`);
    }
  }
  const zeros = Buffer.concat([gzipSync(text), Buffer.alloc(5000)]);
  for (const size of [zeros.length, 1000]) assert.ok((await all(cut(zeros, size))).equals(text));
});

test('skippable frames of zstd are skipped: before, between and after, as zstd:chunked has them', async () => {
  const half = text.length >> 1;
  const skippable = Buffer.concat([Buffer.from('502a4d1805000000', 'hex'), Buffer.from('table')]);
  const bytes = Buffer.concat([
    skippable,
    zstdCompressSync(text.subarray(0, half)),
    skippable,
    zstdCompressSync(text.subarray(half)),
    skippable,
  ]);
  for (const size of [bytes.length, 1000, 13, 7, 1])
    assert.ok((await all(cut(bytes, size))).equals(text), `${size}`);
});

test('data that is cut off, damaged or followed by garbage is refused', async () => {
  for (const pack of [gzipSync, zstdCompressSync]) {
    const packed = pack(text);
    const damaged = Buffer.from(packed);
    damaged[packed.length >> 1]! ^= 0xff;
    const cutOff = await failure(all(cut(packed.subarray(0, packed.length - 9))));
    assert.is(cutOff.code, 'invalid');
    assert.match(cutOff.why ?? '', 'cut off', pack.name);
    // By default zstd has no checksum: the digest of the layer finds what this one doesn't.
    if (pack === gzipSync) assert.is((await failure(all(cut(damaged, 500)))).code, 'invalid');
    assert.is(
      (await failure(all(cut(Buffer.concat([packed, Buffer.from('garbage')]))))).code,
      'invalid',
      pack.name,
    );
  }
});

test('beyond the free amount no more comes out than the ratio allows, and never more than the bound', async () => {
  const zeros = Buffer.alloc(8 << 20);
  const limit = { free: 1 << 20, ratio: 200, bytes: 64 << 20 };
  for (const pack of [gzipSync, zstdCompressSync]) {
    const error = await failure(all(cut(pack(zeros)), limit));
    assert.is(error.code, 'invalid');
    assert.match(error.why ?? '', '200 times');
    assert.is((await all(cut(pack(zeros)), { ...limit, free: 8 << 20 })).length, zeros.length);
  }
  assert.is((await all(cut(zeros, 1000), limit)).length, zeros.length);
  assert.match(
    (await failure(all(cut(zeros, 1000), { ...limit, bytes: 1 << 20 }))).why ?? '',
    'more than 1048576 bytes',
  );
});

test('an error of the source comes through as it is, and the source is closed when the reader leaves', async () => {
  const lost = new PodError({ code: 'network', message: 'the line is dead' });
  async function* broken(): AsyncGenerator<Uint8Array> {
    yield gzipSync(text).subarray(0, 5000);
    throw lost;
  }
  assert.is(await failure(all(broken())), lost);
  let closed = 0;
  async function* endless(packed: Uint8Array): AsyncGenerator<Uint8Array> {
    try {
      for (;;) yield packed;
    } finally {
      closed++;
    }
  }
  for (const packed of [gzipSync(text), zstdCompressSync(text), text])
    for await (const _ of decompress(endless(packed))) break;
  assert.is(closed, 3);
});

test.run();
