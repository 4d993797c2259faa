/**
 * Whatever a parser is given, it reads it or refuses it with an error that can be shown. FUZZ_SECONDS (2 for each) and
 * FUZZ_SEED (1) steer it: scripts/test fuzz --seconds 600. guided.ts tells how.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { limitEachTest, limitFile } from '../runner/limit.ts';
import { fuzzSeconds, seed } from './chance.ts';
import { fuzz } from './guided.ts';
import { targets } from './targets.ts';

limitEachTest(60 + 2 * fuzzSeconds(2));
limitFile(300 + 2 * targets.length * fuzzSeconds(2));

for (const target of targets) {
  test(`${target.name}: spoiled input is read or refused, with seed ${seed}`, async () => {
    const { runs, blocks, kept } = await fuzz(target);
    console.log(`${target.name}: ${runs} inputs, ${blocks} blocks, ${kept} new`);
    assert.ok(runs > 50 && blocks > 10);
  });
}

test.run();
