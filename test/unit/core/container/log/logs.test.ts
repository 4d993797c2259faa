import { appendFileSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type LogOptions, readLogs } from '../../../../../core/container/log/logs.ts';
import { identify } from '../../../../../core/container/process-identity.ts';
import type { ContainerRecord } from '../../../../../core/container/record.ts';
import { containerDirectory, runtimeDirectory } from '../../../../../core/container/store.ts';
import type { Paths } from '../../../../../core/paths.ts';
import { emptyPaths, recordOf } from '../fixtures.ts';

const id = 'a'.repeat(64);
const line = (text: string, second = 0, flag = 'F') =>
  `2026-01-01T00:00:0${second}.000000000+00:00 stdout ${flag} ${text}\n`;

function container(files: Record<string, string>): { paths: Paths; record: ContainerRecord; log: string } {
  const paths = emptyPaths();
  mkdirSync(containerDirectory(paths, id), { recursive: true });
  for (const [name, text] of Object.entries(files))
    writeFileSync(join(containerDirectory(paths, id), name), text);
  return { paths, record: recordOf(id), log: join(containerDirectory(paths, id), 'log') };
}

async function texts(files: Record<string, string>, options: Partial<LogOptions> = {}): Promise<string[]> {
  const { paths, record } = container(files);
  const all: string[] = [];
  for await (const { text } of readLogs(paths, record, { follow: false, tail: -1, ...options }))
    all.push(text.toString());
  return all;
}

test('rotated files come in order, the oldest first', async () => {
  assert.equal(
    await texts({ 'log.2': line('a'), 'log.1': line('b'), log: line('c'), 'log.3': line('beyond') }),
    ['a', 'b', 'c'],
  );
});

test('without a log there is nothing', async () => {
  assert.equal(await texts({}), []);
  assert.equal(await texts({ log: '' }, { tail: 3 }), []);
});

test('the last lines are counted as lines, not as records, over all files', async () => {
  const files = { 'log.1': line('a') + line('b1', 0, 'P'), log: line('b2') + line('c') + line('d', 0, 'P') };
  assert.equal(await texts(files, { tail: 0 }), []);
  assert.equal(await texts(files, { tail: 1 }), ['d']);
  assert.equal(await texts(files, { tail: 3 }), ['b1', 'b2', 'c', 'd']);
  assert.equal(await texts(files, { tail: 99 }), ['a', 'b1', 'b2', 'c', 'd']);
});

test('since and until choose by time', async () => {
  const at = (second: number) => Date.parse(`2026-01-01T00:00:0${second}Z`);
  const log = [1, 2, 3, 4].map((second) => line(String(second), second)).join('');
  assert.equal(await texts({ log }, { since: at(2) }), ['2', '3', '4']);
  assert.equal(await texts({ log }, { since: at(2), until: at(3) }), ['2', '3']);
  assert.equal(await texts({ log }, { until: at(3), tail: 1 }), ['3']);
});

test('a container without a log is told so', async () => {
  const { paths } = container({});
  const record = recordOf(id, { log: { driver: 'none', maxSize: 0, maxFiles: 1 } });
  const told = await readLogs(paths, record, { follow: false, tail: -1 })
    .next()
    .catch((error) => error.message);
  assert.is(told, 'a_name keeps no log');
});

const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();

/** It runs, as this process; the answer ends it. */
function running(paths: Paths): () => void {
  const { pid, start } = identify(process.pid);
  const state = join(runtimeDirectory(paths, id), 'state');
  mkdirSync(runtimeDirectory(paths, id), { recursive: true });
  writeFileSync(state, `${pid} ${start} ${pid} ${start} 100 ${boot}\n`);
  return () => rmSync(state);
}

test('a follower sees what comes, over several rotations, to the end', async () => {
  const { paths, record, log } = container({ log: line('1') });
  const end = running(paths);
  const follow = readLogs(paths, record, { follow: true, tail: -1 });
  const next = async () => (await follow.next()).value?.text.toString();
  assert.is(await next(), '1');
  appendFileSync(log, line('2'));
  assert.is(await next(), '2');
  const rotate = (text: string) => {
    rmSync(`${log}.2`, { force: true });
    try {
      renameSync(`${log}.1`, `${log}.2`);
    } catch {}
    renameSync(log, `${log}.1`);
    writeFileSync(log, line(text));
  };
  appendFileSync(log, line('3'));
  rotate('4');
  assert.equal([await next(), await next()], ['3', '4']);
  appendFileSync(log, line('5'));
  rotate('6');
  rotate('7');
  assert.equal([await next(), await next(), await next()], ['5', '6', '7']);
  appendFileSync(log, line('8'));
  end();
  assert.is(await next(), '8');
  assert.is((await follow.next()).done, true);
});

test('a follower that leaves the first lines out sees what comes after', async () => {
  const { paths, record, log } = container({ log: line('1') + line('2') });
  const end = running(paths);
  const follow = readLogs(paths, record, { follow: true, tail: 0 });
  const first = follow.next();
  await new Promise(setImmediate);
  appendFileSync(log, line('3'));
  end();
  assert.is((await first).value.text.toString(), '3');
  assert.is((await follow.next()).done, true);
});

test.run();
