import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { followFile } from '../../../../../core/images/pull/follow-file.ts';
import { openGrowingFile } from '../../../../../core/images/pull/growing-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'growing-'));
test.after(() => rmSync(folder, { recursive: true }));

/** What a follower gets, piece by piece: its memory is used again. */
async function followed(pieces: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const piece of pieces) parts.push(Buffer.from(piece));
  return Buffer.concat(parts);
}

test('what is appended in any pieces is followed and stored as it came', async () => {
  const path = join(folder, 'any');
  const bytes = randomBytes(3_000_000);
  const file = await openGrowingFile(path);
  const reading = followed(followFile(path, file.growth));
  for (let at = 0, length = 1; at < bytes.length; at += length, length = (length * 7) % 600_001) {
    // Memory that is used again as soon as it was taken.
    const chunk = Buffer.from(bytes.subarray(at, at + length));
    await file.append(chunk);
    chunk.fill(0);
    assert.is(file.size, Math.min(bytes.length, at + length));
  }
  await file.end();
  await file.close();
  assert.ok((await reading).equals(bytes));
  assert.ok(readFileSync(path).equals(bytes));
});

test('a file that was begun is gone on with', async () => {
  const path = join(folder, 'begun');
  writeFileSync(path, 'begun, ');
  const file = await openGrowingFile(path);
  assert.is((await followed(file.contents())).toString(), 'begun, ');
  await file.append(Buffer.from('done'));
  await file.end();
  assert.is((await followed(followFile(path, file.growth))).toString(), 'begun, done');
  await file.clear();
  await file.append(Buffer.from('new'));
  await file.close();
  assert.is(readFileSync(path, 'latin1'), 'new');
});

test('whoever follows gets the error of a file that fails', async () => {
  const path = join(folder, 'fails');
  const file = await openGrowingFile(path);
  const lost = new Error('the line is dead');
  const reading = followed(followFile(path, file.growth));
  await file.append(Buffer.alloc(300_000));
  file.fail(lost);
  assert.is(await reading.catch((error) => error), lost);
  await file.close();
});

test.run();
