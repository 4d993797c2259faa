import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { runFile } from '../../runner/run-file.ts';

const root = join(import.meta.dirname, '../../..');
const run = (name: string) => runFile(`test/fixtures/runner/${name}.ts`, root);

test('counts the tests that pass', async () => {
  const result = await run('passes');
  assert.equal([result.passed, result.failures, result.skips], [1, [], []]);
});

test('names the tests that fail and keeps what was printed of them', async () => {
  const result = await run('fails');
  assert.equal([result.passed, result.failures], [1, ['is false']]);
  assert.match(result.output, 'as expected');
});

test('fails a test that takes too long, and goes on', async () => {
  const result = await run('hangs');
  assert.equal([result.passed, result.failures], [1, ['waits for ever']]);
  assert.match(result.output, 'took longer than 0.2 s');
});

test('kills a file whose test blocks, and says which test that was', async () => {
  const result = await run('blocks');
  assert.equal(
    [result.passed, result.failures],
    [0, ['killed after 0.2 s: hung in "blocks the event loop"']],
  );
});

test('ends what a file leaves running, and fails it', async () => {
  const result = await run('leaves');
  assert.is(result.passed, 1);
  assert.is(result.failures.length, 1);
  const pid = /^left running: (\d+) sleep 1234$/.exec(result.failures[0]!)?.[1];
  assert.not.ok(existsSync(`/proc/${pid}/cwd/.`), 'it still runs');
});

test('tells why a test was skipped', async () => {
  const result = await run('skips');
  assert.equal([result.passed, result.failures], [0, []]);
  assert.equal(result.skips, [{ name: 'needs a moon', why: 'there is no moon' }]);
});

test('fails the tests that a broken before hook keeps from running', async () => {
  const result = await run('before-fails');
  assert.equal([result.passed, result.failures], [0, ['never ran: is true']]);
  assert.match(result.output, 'no ground to stand on');
});

test('fails a file that ends in the middle of a test', async () => {
  const { failures } = await run('exits');
  assert.equal(failures, ['the process exited with 1 though no test failed', 'never ran: ends the process']);
});

test('fails a file without a test', async () => {
  const { failures } = await run('empty');
  assert.equal(failures, ['the file has no test (is test.run() called?)']);
});

test.run();
