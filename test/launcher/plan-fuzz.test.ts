/**
 * Spoiled plans for the parser: guided by coverage where clang has libFuzzer (Debian: clang, libclang-rt-14-dev), else
 * by chance. FUZZ_SECONDS (10) and FUZZ_SEED (1) steer it.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { seed } from '../fuzz/chance.ts';
import { buildDriver, sanitizers, scratch } from './build.ts';

const seconds = process.env.FUZZ_SECONDS ?? '10';
const corpus = join(import.meta.dirname, 'corpus/plan');
const files = readdirSync(corpus).map((name) => join(corpus, name));

function libFuzzer(): string | undefined {
  const flags = ['-std=c17', '-g', '-O1', '-fsanitize=fuzzer,address,undefined', '-fno-sanitize-recover=all'];
  const probe = spawnSync('clang', [...flags, '-x', 'c', '-', '-o', join(scratch(), 'probe')], {
    input:
      'int LLVMFuzzerTestOneInput(const char *data, unsigned long size) { return data && size > 9 ? 0 : 0; }',
  });
  return probe.status === 0 ? buildDriver('plan-fuzz', [], 'clang', flags) : undefined;
}

test(`no text upsets the parser of plans (seed ${seed}, ${seconds} s)`, () => {
  const guided = libFuzzer();
  const work = mkdtempSync(join(scratch(), 'corpus-'));
  cpSync(corpus, work, { recursive: true });
  const options = { env: { ...process.env, ...sanitizers }, encoding: 'utf8', cwd: scratch() } as const;
  const ran = guided
    ? spawnSync(
        guided,
        [
          work,
          `-max_total_time=${seconds}`,
          `-seed=${seed}`,
          '-max_len=4096',
          '-timeout=5',
          '-verbosity=0',
          `-artifact_prefix=${scratch()}/`,
        ],
        options,
      )
    : spawnSync(alone(), [String(Number(seconds) * 5000), String(seed), ...files], options);
  assert.is(ran.status, 0, `${ran.stdout}${ran.stderr}`);
});

function alone(): string {
  return buildDriver('plan-fuzz', [], 'gcc', [
    '-std=c17',
    '-g',
    '-O1',
    '-fsanitize=address,undefined',
    '-fno-sanitize-recover=all',
    '-DALONE',
  ]);
}

test('the parser goes through a few thousand spoiled plans of the corpus by chance', () => {
  const ran = spawnSync(alone(), ['5000', String(seed), ...files], {
    env: { ...process.env, ...sanitizers },
    encoding: 'utf8',
  });
  assert.equal([ran.status, ran.stdout, ran.stderr], [0, 'no failure\n', '']);
});

test.run();
