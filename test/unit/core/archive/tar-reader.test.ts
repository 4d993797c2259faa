import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { paxRecord } from '../../../../core/archive/pax.ts';
import { readTar } from '../../../../core/archive/tar-reader.ts';
import { archive, rawEntry } from './hand-made.ts';

async function* cut(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function text(data: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const part of data) parts.push(Buffer.from(part));
  return Buffer.concat(parts).toString('latin1');
}

const bytes = archive(
  rawEntry({ name: 'a' }, 'x'.repeat(2000)),
  rawEntry({ name: 'd', type: '5' }),
  rawEntry({ name: 'b' }, 'y'.repeat(600)),
  rawEntry({ name: 'c' }, ''),
);

test('entries come in order with their data, however the source is cut', async () => {
  for (const size of [1, 100, 512, 5000]) {
    const seen: [string, string][] = [];
    for await (const { entry, data } of readTar(cut(bytes, size))) seen.push([entry.path, await text(data)]);
    assert.equal(seen, [
      ['a', 'x'.repeat(2000)],
      ['d', ''],
      ['b', 'y'.repeat(600)],
      ['c', ''],
    ]);
  }
});

test('data that is not read, or only begun, is skipped', async () => {
  const seen: string[] = [];
  for await (const { entry, data } of readTar(cut(bytes, 300))) {
    seen.push(entry.path);
    if (entry.path === 'a') for await (const _ of data) break;
  }
  assert.equal(seen, ['a', 'd', 'b', 'c']);
});

test('holes are read as zeros', async () => {
  const sparse = [paxRecord('GNU.sparse.map', '100000,1'), paxRecord('GNU.sparse.size', '200000')].join('');
  for await (const { data } of readTar(cut(archive(rawEntry({ type: 'x' }, sparse), rawEntry({}, 'z')), 512)))
    assert.is(await text(data), `${'\0'.repeat(100_000)}z${'\0'.repeat(99_999)}`);
});

test('leaving early closes the source, and an archive that is cut off is an error', async () => {
  let closed = false;
  async function* source(): AsyncGenerator<Uint8Array> {
    try {
      yield bytes;
    } finally {
      closed = true;
    }
  }
  for await (const _ of readTar(source())) break;
  assert.ok(closed);
  let error: unknown;
  try {
    for await (const { data } of readTar(cut(bytes.subarray(0, 1000), 100))) await text(data);
  } catch (caught) {
    error = caught;
  }
  assert.match(String((error as { why?: string }).why), 'cut off');
});

test.run();
