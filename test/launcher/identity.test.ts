import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { identify } from '../../core/container/process-identity.ts';
import { eventually } from '../e2e/harness/eventually.ts';
import { buildDriver, scratch } from './build.ts';
import { run } from './drivers.ts';

const driver = buildDriver('identity', ['identity.c']);

const startOf = (pid: number) => run(driver, [String(pid)]).stdout.trim();

test('the launcher and TypeScript read the same start time', () => {
  assert.match(startOf(process.pid), /^[1-9]\d*$/);
  assert.is(startOf(process.pid), identify(process.pid).start);
});

for (const name of ['a) b (c', ') S 1 1 1', '((', ')', 'x\ny 1 2 3']) {
  test(`a command's name can't hide the start time: ${JSON.stringify(name)}`, async () => {
    const program = join(scratch(), name);
    copyFileSync('/bin/sleep', program);
    const child = spawn(program, ['60']);
    await once(child, 'spawn');
    const start = identify(child.pid!).start;
    // Started after this process, and not long after.
    assert.ok(BigInt(start) >= BigInt(identify(process.pid).start) && /^\d+$/.test(start));
    assert.is(startOf(child.pid!), start);
    assert.is(run(driver, [String(child.pid), start]).stdout, 'there\n');
    child.kill('SIGKILL');
    await once(child, 'exit');
    assert.is(startOf(child.pid!), '0');
    assert.is(run(driver, [String(child.pid), start]).stdout, 'gone\n');
  });
}

test('a process with the number but another start time is another', () => {
  const start = BigInt(identify(process.pid).start);
  for (const other of [start + 1n, start - 1n, 0n])
    assert.is(run(driver, [String(process.pid), String(other)]).stdout, 'gone\n');
});

test('numbers that no process can have are gone', () => {
  for (const pid of ['4194304', '2147483647', '0']) assert.is(startOf(Number(pid)), '0');
  assert.is(run(driver, ['2147483647', '0']).stdout, 'gone\n');
});

test('a zombie is there, but not alive', async () => {
  // The shell becomes a program that never waits for its child, which ends when that has happened.
  const child = 'until grep -q sleep /proc/$$/comm; do :; done';
  const parent = spawn('sh', ['-c', `{ ${child}; } & echo $!; exec sleep 60`], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [line] = await once(parent.stdout, 'data');
  const pid = String(line).trim();
  const start = identify(Number(pid)).start;
  await eventually(() => run(driver, [pid, start, 'alive']).stdout === 'not\n');
  assert.is(run(driver, [pid, start]).stdout, 'there\n');
  assert.is(run(driver, [String(parent.pid), identify(parent.pid!).start, 'alive']).stdout, 'alive\n');
  assert.is(run(driver, [String(parent.pid), '1', 'alive']).stdout, 'not\n');
  parent.kill('SIGKILL');
  await once(parent, 'exit');
});

test.run();
