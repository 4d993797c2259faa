import { closeSync, mkdtempSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { closeLogFiles, openLogFiles, readOn } from '../../../../../core/container/log/log-files.ts';
import { createLogParser, type LogRecord } from '../../../../../core/container/log/log-record.ts';
import { seekTail } from '../../../../../core/container/log/log-tail.ts';

const line = (text: string, flag = 'F', second = 0) =>
  `2026-01-01T00:00:0${second}.000000000+00:00 stdout ${flag} ${text}\n`;

function tail(texts: string[], count: number, span?: Parameters<typeof seekTail>[3]): LogRecord[] {
  const path = join(mkdtempSync(join(process.env.TSC_POD_TEST_DIR ?? tmpdir(), 'tail-')), 'log');
  texts.forEach((text, index) => {
    writeFileSync(index === texts.length - 1 ? path : `${path}.${texts.length - 1 - index}`, text);
  });
  const files = openLogFiles(path, texts.length);
  try {
    seekTail(files, 'k8s-file', count, span);
    return files.flatMap((file) => {
      const parse = createLogParser('k8s-file');
      return [...readOn(file)].flatMap((chunk) => parse(chunk));
    });
  } finally {
    closeLogFiles(files);
  }
}

const words = (records: LogRecord[]) => records.map(({ text }) => text.toString());

/** What reading everything would give: the oracle. */
function lastOf(texts: string[], count: number): string[] {
  const all = createLogParser('k8s-file')(Buffer.from(texts.join('')));
  let lines = 0;
  for (let at = all.length - 1; at >= 0; at--) {
    if (all[at]!.ended || at === all.length - 1) lines++;
    if (lines > count) return words(all.slice(at + 1));
  }
  return words(all);
}

test('every count gives what reading all of it would, over records of all lengths and chunks of all borders', () => {
  let seed = 7;
  const random = (most: number) => {
    seed = (seed * 1103515245 + 12345) % 2 ** 31;
    return seed % most;
  };
  for (let round = 0; round < 12; round++) {
    const file = () =>
      Array.from({ length: 1 + random(12) }, () =>
        line('x'.repeat(random(3) === 0 ? 65_400 + random(200) : random(50)), random(3) === 0 ? 'P' : 'F'),
      ).join('');
    const texts = [file(), file(), random(2) ? file() : ''];
    for (const count of [0, 1, 2, 3, 7, 100])
      assert.equal(words(tail(texts, count)), count === 0 ? [] : lastOf(texts, count), `${round} ${count}`);
  }
});

test('what is cut off at the end, or is no record, counts as none', () => {
  assert.equal(words(tail([`${line('a')}rubbish\n\n${line('b')}2026-01-01T00:00:00`], 1)), ['b']);
  assert.equal(words(tail([''], 5)), []);
  assert.equal(words(tail(['no newline'], 5)), []);
});

test('lines outside the span of time are not counted', () => {
  const text = [1, 2, 3, 4].map((second) => line(String(second), 'F', second)).join('');
  const at = (second: number) => Date.parse(`2026-01-01T00:00:0${second}Z`);
  assert.equal(words(tail([text], 1, { until: at(3) })), ['3', '4']);
  assert.equal(words(tail([text], 9, { since: at(3) })), ['3', '4']);
});

test('of a huge log only the end is read', () => {
  const path = join(mkdtempSync(join(process.env.TSC_POD_TEST_DIR ?? tmpdir(), 'tail-')), 'log');
  const block = line('x'.repeat(1000)).repeat(1000);
  const fd = openSync(path, 'w');
  for (let i = 0; i < 40; i++) writeFileSync(fd, block);
  closeSync(fd);
  const readBefore = bytesRead();
  const files = openLogFiles(path, 1);
  seekTail(files, 'k8s-file', 5);
  closeLogFiles(files);
  assert.ok(bytesRead() - readBefore < 1 << 20);
});

/** Of this process, proc_pid_io(5). */
function bytesRead(): number {
  return Number(/rchar: (\d+)/.exec(readFileSync('/proc/self/io', 'utf8'))?.[1]);
}

test.run();
