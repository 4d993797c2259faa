import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readEventLine } from '../../core/events/event-line.ts';
import { readEvents } from '../../core/events/read-events.ts';
import { subjectOf } from '../../core/events.ts';
import { buildDriver, sanitizers, scratch } from './build.ts';
import { run } from './drivers.ts';

const driver = buildDriver('event', ['event.c', 'plan.c', 'die.c']);
const quiet = { code: 0, stdout: '', stderr: '' };

function place(subject?: string): { data: string; log: string; file: string } {
  const data = mkdtempSync(join(scratch(), 'event-'));
  const file = join(data, 'subject');
  if (subject !== undefined) writeFileSync(file, subject);
  return { data, log: join(data, 'events.jsonl'), file };
}

const web = subjectOf({ type: 'container', id: 'beef', attributes: { image: 'a "b"', name: 'web\n' } });

test('an event is a line of JSON: who the subject is, and what is added', () => {
  const { log, file } = place(web);
  const before = Date.now();
  assert.equal(run(driver, [log, '1000000', '5', file, 'die', '1']), quiet);
  const text = readFileSync(log, 'utf8');
  assert.ok(text.endsWith('}}}\n'));
  const event = readEventLine(text);
  assert.equal(
    { ...event, time: 0, timeNano: 0 },
    {
      type: 'container',
      action: 'die',
      id: 'beef',
      from: 'a "b"',
      attributes: { image: 'a "b"', name: 'web\n', n: '0' },
      scope: 'local',
      time: 0,
      timeNano: 0,
    },
  );
  const milliseconds = Number(event!.timeNano / 1_000_000n);
  assert.ok(milliseconds >= before && milliseconds <= Date.now());
  assert.is(BigInt(event!.time), event!.timeNano / 1_000_000_000n);
  assert.is(statSync(log).mode & 0o777, 0o600);
});

test('a subject that is missing, empty or no text leaves the id', () => {
  for (const subject of [undefined, '', 'a\0b', 'x'.repeat(70_000)]) {
    const { log, file } = place(subject);
    assert.equal(run(driver, [log, '1000000', '5', file, 'die', '1']), quiet);
    const { id, attributes } = readEventLine(readFileSync(log, 'utf8'))!;
    assert.equal({ id, attributes }, { id: 'cafe', attributes: { name: 'cafe', n: '0' } });
  }
});

test('a log that can not be written to is no error', () => {
  const { data, log, file } = place(web);
  symlinkSync('/dev/full', log);
  assert.equal(run(driver, [log, '1000000', '5', file, 'die', '3']), quiet);
  assert.equal(run(driver, [join(data, 'missing/log'), '1000000', '5', file, 'die', '3']), quiet);
  mkdirSync(join(data, 'folder'));
  assert.equal(run(driver, [join(data, 'folder'), '1000000', '5', file, 'die', '3']), quiet);
});

test('a process that stays tells the end of one that left, with its exit code', () => {
  const { log, file } = place(web);
  assert.equal(run(driver, [log, '1000000', '5', file, 'report', '7']), quiet);
  const { action, attributes } = readEventLine(readFileSync(log, 'utf8'))!;
  assert.equal(
    { action, execID: attributes.execID, exitCode: attributes.exitCode },
    { action: 'exec_die', execID: '1', exitCode: '7' },
  );
});

test('rotation keeps so many files, and fills a gap that a killed one has left', () => {
  const { data, log, file } = place(web);
  const logs = () =>
    readdirSync(data)
      .filter((name) => name !== 'subject')
      .sort();
  const write = () => assert.equal(run(driver, [log, '1', '4', file, 'die', '1']), quiet);
  for (const expected of [1, 2, 3, 3, 3]) {
    write();
    assert.equal(logs(), ['events.jsonl.1', 'events.jsonl.2', 'events.jsonl.3'].slice(0, expected));
  }
  const oldest = readFileSync(`${log}.3`);
  closeSync(openSync(`${log}.moved`, 'w'));
  run('mv', [`${log}.1`, `${log}.moved`]);
  write();
  assert.equal(readFileSync(`${log}.3`), oldest);
});

/** Eight processes that write a thousand each. */
async function writeAtOnce(log: string, size: number, files: number, subject: string): Promise<void> {
  const writers = Array.from({ length: 8 }, (_, number) =>
    spawn(driver, [log, String(size), String(files), subject, `w${number}`, '1000'], {
      env: { ...process.env, ...sanitizers },
    }),
  );
  const codes = await Promise.all(writers.map(async (child) => (await once(child, 'exit'))[0]));
  assert.equal(codes, Array(8).fill(0));
}

const expected = Array.from({ length: 8 }, (_, w) =>
  Array.from({ length: 1000 }, (_, n) => `w${w} ${n}`),
).flat();

test("what happens to others at the container's start and end is told of them", () => {
  const { data, log, file } = place();
  const network = subjectOf({
    type: 'network',
    id: 'abc',
    attributes: { name: 'shop "1"', container: 'cafe' },
  });
  const told = (words: string[]) => {
    assert.equal(run(driver, [log, '99999', '5', file, ...words]), quiet);
    const events = readFileSync(log, 'utf8')
      .trim()
      .split('\n')
      .map((line) => readEventLine(line)!);
    return events.map(({ type, action, id, attributes }) => ({ type, action, id, attributes })).at(-1);
  };
  const attributes = { name: 'shop "1"', container: 'cafe' };
  told(['volume', 'goods']);
  assert.equal(told(['others', 'start'])?.type, 'volume'); // there is no such file
  writeFileSync(
    `${file}-others`,
    `start connect ${network}\nend disconnect ${network}\nnonsense\nend cut off`,
  );
  assert.equal(told(['others', 'start']), { type: 'network', action: 'connect', id: 'abc', attributes });
  assert.equal(told(['others', 'end']), { type: 'network', action: 'disconnect', id: 'abc', attributes });
  assert.equal(told(['volume', 'goods']), {
    type: 'volume',
    action: 'destroy',
    id: 'goods',
    attributes: { driver: 'local' },
  });
  assert.is(readdirSync(data).filter((name) => name.startsWith('events.jsonl')).length, 1);
});

test('of 8000 events that eight processes write while the log rotates none is lost, none is met twice', async () => {
  const { data, log, file } = place(web);
  const end = new AbortController();
  const followed: string[] = [];
  const noticed: string[] = [];
  const reading = (async () => {
    const wish = { follow: true, signal: end.signal, notice: (text: string) => noticed.push(text) };
    for await (const { action, attributes } of readEvents({ data }, wish)) {
      followed.push(`${action} ${attributes.n}`);
      if (followed.length === expected.length) end.abort();
    }
  })();
  await writeAtOnce(log, 450_000, 5, file);
  const timer = setTimeout(() => end.abort(), 5000);
  await reading;
  clearTimeout(timer);
  assert.ok(existsSync(`${log}.2`));
  assert.equal(noticed, []);
  assert.equal(followed.toSorted(), expected.toSorted());
  for (let w = 0; w < 8; w++) {
    const own = followed.filter((one) => one.startsWith(`w${w} `));
    assert.ok(own.length === 1000);
  }
  const stored: string[] = [];
  for await (const { action, attributes } of readEvents(
    { data },
    { follow: false, notice: (text) => noticed.push(text) },
  ))
    stored.push(`${action} ${attributes.n}`);
  assert.equal(noticed, []);
  assert.equal(stored.toSorted(), expected.toSorted());
});

test('beyond its bound the oldest events go, and every line that is kept is whole', async () => {
  const { data, log, file } = place(web);
  await writeAtOnce(log, 50_000, 3, file);
  const logs = readdirSync(data).filter((name) => name.startsWith('events.jsonl'));
  assert.ok(logs.length <= 3);
  for (const name of logs) {
    const text = readFileSync(join(data, name), 'utf8');
    assert.ok(text.length < 60_000);
    for (const line of text.split('\n').slice(0, -1)) assert.ok(readEventLine(line), line);
  }
});

test.run();
