/** Spoiled frames of zstd. FUZZ_SECONDS (2) and FUZZ_SEED (1) steer it. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { zstdFrames } from '../../core/archive/zstd-frames.ts';
import { PodError } from '../../core/error.ts';
import { limitEachTest, limitFile } from '../runner/limit.ts';
import { fuzzSeconds, random, seed } from './chance.ts';
import { mutate } from './tar-mutations.ts';

limitEachTest(60 + 2 * fuzzSeconds(2));
limitFile(300 + 2 * fuzzSeconds(2));

test('spoiled frames of zstd are passed on or refused', async () => {
  const { zstdCompressSync } = await import('node:zlib');
  const chance = random(seed);
  const skippable = Buffer.from('502a4d180300000061626328b52ffd', 'hex').subarray(0, 11);
  const frames = ['', 'a', 'abc'.repeat(5000), '\0'.repeat(300_000)].map((text) =>
    zstdCompressSync(Buffer.from(text)),
  );
  const pool = [...frames, Buffer.concat([skippable, ...frames, skippable])];
  const end = Date.now() + fuzzSeconds(2) * 1000;
  while (Date.now() < end) {
    const input = mutate(pool[chance(pool.length)] as Buffer, pool, chance);
    async function* pieces(): AsyncGenerator<Uint8Array> {
      for (let at = 0, length = 0; at < input.length; at += length) {
        length = 1 + chance(200);
        yield input.subarray(at, at + length);
      }
    }
    let length = 0;
    try {
      for await (const slice of zstdFrames(pieces())) length += slice.length;
    } catch (error) {
      if (!(error instanceof PodError) || error.code !== 'invalid') throw error;
    }
    assert.ok(length <= input.length);
  }
});

test.run();
