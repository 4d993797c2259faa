/**
 * Hostile streams of file operations against the launcher's apply job: it ends with one of its own statuses, and
 * nothing outside its directory is touched. FUZZ_SECONDS (10) and FUZZ_SEED (1) steer it.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { hostIdMap, mapPlan } from '../../rootless/id-map.ts';
import { encodePlan } from '../../rootless/plan.ts';
import { binary, sandbox } from '../e2e/harness/sandbox.ts';
import { limitEachTest, limitFile } from '../runner/limit.ts';
import { fuzzSeconds, random, seed } from './chance.ts';
import { hostileStream } from './tar-operations.ts';

const milliseconds = fuzzSeconds(10) * 1000;
limitEachTest(60 + 2 * fuzzSeconds(10));
limitFile(300 + 2 * fuzzSeconds(10));

const launcher = join(dirname(binary), 'launcher');
const maps = mapPlan(hostIdMap());

test(`no stream of operations leaves its directory, with seed ${seed}`, () => {
  const chance = random(seed);
  const place = join(sandbox.work, 'apply');
  mkdirSync(join(place, 'etc'), { recursive: true });
  writeFileSync(join(place, 'canary'), 'canary');
  const end = Date.now() + milliseconds;
  let runs = 0;
  for (; Date.now() < end; runs++) {
    const input = hostileStream(chance);
    const root = join(place, 'root');
    mkdirSync(root);
    const done = spawnSync(launcher, ['-c', encodePlan('enter', [...maps, ['apply', root]])], {
      input,
      timeout: 20_000,
    });
    const told = `run ${runs}: status ${done.status}, signal ${done.signal}, ${done.stderr}\n${input.toString('base64')}`;
    assert.ok(done.status !== null && done.status <= 4, told);
    assert.not.match(done.stderr.toString('latin1'), /[^\n\x20-\x7e\x80-\xff]/, told);
    assert.equal(readdirSync(place).sort(), ['canary', 'etc', 'root'], told);
    assert.equal(readdirSync(join(place, 'etc')), [], told);
    assert.is(readFileSync(join(place, 'canary'), 'latin1'), 'canary', told);
    assert.is(statSync(join(place, 'canary')).nlink, 1, told);
    assert.is(spawnSync(launcher, ['-c', encodePlan('enter', [...maps, ['remove', root]])]).status, 0, told);
  }
  console.log(`${runs} streams`);
});

test.run();
