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
  renameSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createLogParser, type LogFormat } from '../../core/container/log/log-record.ts';
import { eventually } from '../e2e/harness/eventually.ts';
import { buildDriver, sanitizers, scratch } from './build.ts';
import { run } from './drivers.ts';

const driver = buildDriver('log', ['log.c', 'clock.c', 'die.c', 'journald.c', 'json-text.c']);

type Piece = [stream: 1 | 2, data: string | Buffer];

function logOf(
  format: LogFormat,
  pieces: Piece[],
  maxSize = 0,
  maxFiles = 1,
): { directory: string; log: string } {
  const directory = mkdtempSync(join(scratch(), 'log-'));
  const log = join(directory, 'log');
  write(log, format, pieces, maxSize, maxFiles);
  return { directory, log };
}

function write(log: string, format: LogFormat, pieces: Piece[], maxSize = 0, maxFiles = 1): void {
  const input = pieces.map(([stream, data]) =>
    Buffer.concat([Buffer.from(`${stream} ${Buffer.byteLength(data)}\n`), Buffer.from(data)]),
  );
  const ran = run(driver, ['log', log, format, String(maxSize), String(maxFiles)], Buffer.concat(input));
  assert.equal(ran, { code: 0, stdout: '', stderr: '' });
}

const TIME = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}`;

/** The lines of a k8s-file, without their times. */
function lines(path: string): string[] {
  const text = readFileSync(path, 'latin1');
  assert.ok(text === '' || text.endsWith('\n'));
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => {
      const parts = new RegExp(`^${TIME}\\+00:00 (.*)$`, 's').exec(line);
      assert.ok(parts, line);
      return parts![1]!;
    });
}

/** What the readers make of a log: the bytes of each stream. */
function readBack(path: string, format: LogFormat): Record<'stdout' | 'stderr', Buffer> {
  const streams = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
  for (const { stream, text, ended } of createLogParser(format)(readFileSync(path)))
    streams[stream].push(text, Buffer.from(ended ? '\n' : ''));
  return { stdout: Buffer.concat(streams.stdout), stderr: Buffer.concat(streams.stderr) };
}

test('a line is a record with its stream; one without a newline is a partial one', () => {
  const { log } = logOf('k8s-file', [
    [1, 'one\ntwo\n'],
    [2, 'oops\n'],
    [1, 'par'],
    [1, 'tial\nend'],
  ]);
  assert.equal(lines(log), [
    'stdout F one',
    'stdout F two',
    'stderr F oops',
    'stdout P par',
    'stdout F tial',
    'stdout P end',
  ]);
});

test('empty lines and no data at all are told apart', () => {
  assert.equal(
    lines(
      logOf('k8s-file', [
        [1, '\n\n'],
        [2, ''],
      ]).log,
    ),
    ['stdout F ', 'stdout F '],
  );
});

test('a k8s-file has the bytes as they came', () => {
  const bytes = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
  const { log } = logOf('k8s-file', [[1, bytes]]);
  assert.equal(readBack(log, 'k8s-file').stdout, bytes);
});

test("a line longer than the log's own buffer is whole", () => {
  for (const length of [16_383, 16_384, 16_385, 100_000]) {
    const text = `${'x'.repeat(length)}\n`;
    for (const format of ['k8s-file', 'json-file'] as const)
      assert.is(readBack(logOf(format, [[2, text]]).log, format).stderr.toString(), text);
  }
});

test('a json-file is a JSON object a line, as Docker writes it', () => {
  const { log } = logOf('json-file', [
    [1, 'say "hi" \\ \t\x01\x1f\x7f\n'],
    [2, 'grün € 𝄞 no newline'],
  ]);
  const [first, second, end] = readFileSync(log, 'utf8').split('\n');
  assert.match(
    first!,
    new RegExp(
      String.raw`^\{"log":"say \\"hi\\" \\\\ \\u0009\\u0001\\u001f\x7f\\n","stream":"stdout","time":"${TIME}Z"\}$`,
    ),
  );
  assert.match(
    second!,
    new RegExp(String.raw`^\{"log":"grün € 𝄞 no newline","stream":"stderr","time":"${TIME}Z"\}$`),
  );
  assert.is(end, '');
  assert.is(JSON.parse(first!).log, 'say "hi" \\ \t\x01\x1f\x7f\n');
});

test('bytes that are no UTF-8 come into a json-file as U+FFFD, a whole character never does', () => {
  const invalid = [
    [0x80],
    [0xff],
    [0xc0, 0x80], // longer than needed
    [0xc1, 0xbf],
    [0xe0, 0x80, 0x80],
    [0xe0, 0x9f, 0xbf],
    [0xf0, 0x80, 0x80, 0x80],
    [0xf0, 0x8f, 0xbf, 0xbf],
    [0xed, 0xa0, 0x80], // surrogates
    [0xed, 0xbf, 0xbf],
    [0xf4, 0x90, 0x80, 0x80], // above U+10FFFF
    [0xf5, 0x80, 0x80, 0x80],
    [0xe2, 0x82], // cut
    [0xf0, 0x9d, 0x84],
  ];
  const text = Buffer.concat(
    invalid.flatMap((bytes) => [Buffer.from('<'), Buffer.from(bytes), Buffer.from('>\n')]),
  );
  const { log } = logOf('json-file', [[1, text]]);
  const got = readFileSync(log);
  assert.equal(got.toString(), new TextDecoder('utf-8', { fatal: true }).decode(got), 'the file is UTF-8');
  const records = got
    .toString()
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line).log);
  assert.equal(
    records,
    invalid.map((bytes) => `<${'\ufffd'.repeat(bytes.length)}>\n`),
  );

  const valid = [
    '\u0080',
    '\u07ff',
    '\u0800',
    '\ud7ff',
    '\ue000',
    '\uffff',
    '\u{10000}',
    '\u{10ffff}',
    '\0',
  ].map((one) => `<${one}>\n`);
  const whole = readFileSync(logOf('json-file', [[1, valid.join('')]]).log, 'utf8');
  assert.equal(
    whole
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).log),
    valid,
  );
});

test('every pair of bytes comes as JavaScript reads it', () => {
  const pairs: Buffer[] = [];
  for (let first = 0x20; first < 256; first++)
    for (let second = 0x7f; second < 256; second += 3) pairs.push(Buffer.from([first, second]));
  const { log } = logOf('json-file', [
    [1, Buffer.concat(pairs.flatMap((pair) => [pair, Buffer.from('\n')]))],
  ]);
  const records = readFileSync(log, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line).log.slice(0, -1));
  // WHATWG's decoder puts one U+FFFD for the beginning of a character that is cut off, we one for each byte.
  const plain = (text: string) => text.replace(/\ufffd+/g, '\ufffd');
  assert.equal(
    records.map(plain),
    pairs.map((pair) => plain(pair.toString())),
  );
});

test('a log that is opened again goes on where it was', () => {
  const { log } = logOf('k8s-file', [[1, 'one\n']]);
  write(log, 'k8s-file', [[1, 'two\n']]);
  assert.equal(lines(log), ['stdout F one', 'stdout F two']);
});

test('a log that reaches its size is rotated, and the oldest file goes', () => {
  const record = `${'x'.repeat(50)}\n`;
  const pieces = Array.from({ length: 20 }, (_, i): Piece => [1, `${String(i).padStart(2, '0')}${record}`]);
  const { directory, log } = logOf('k8s-file', pieces, 270, 3);
  assert.equal(readdirSync(directory).sort(), ['log', 'log.1', 'log.2']);
  // 98 bytes a record: the third crosses the limit.
  const numbers = (name: string) => lines(join(directory, name)).map((line) => line.slice(9, 11));
  assert.equal(
    [numbers('log.2'), numbers('log.1'), numbers('log')],
    [
      ['12', '13', '14'],
      ['15', '16', '17'],
      ['18', '19'],
    ],
  );
  assert.ok(existsSync(log));
});

test('one file alone begins anew', () => {
  const { directory, log } = logOf('k8s-file', [[1, 'one\ntwo\nthree\nfour\n']], 90, 1);
  assert.equal(readdirSync(directory), ['log']);
  assert.equal(lines(log), []);
  assert.equal(lines(logOf('k8s-file', [[1, 'one\ntwo\nthree\n']], 90, 1).log), ['stdout F three']);
});

test('with one file, a new one takes its place: who reads the old one can read it to its end', () => {
  const { directory, log } = logOf('k8s-file', [[1, 'old\n']], 60, 1);
  const fd = openSync(log, 'r');
  write(log, 'k8s-file', [[1, 'new\n']], 60, 1);
  write(log, 'k8s-file', [[1, 'newer\n']], 60, 1);
  assert.match(readFileSync(fd, 'latin1'), /old\n.*new\n$/);
  closeSync(fd);
  assert.equal([readdirSync(directory), lines(log)], [['log'], ['stdout F newer']]);
});

test('in a json-file a character that two reads share is whole, in its own stream', () => {
  const euro = Buffer.from('€');
  const { log } = logOf('json-file', [
    [1, Buffer.concat([Buffer.from('a'), euro.subarray(0, 1)])],
    [2, 'between\n'],
    [1, euro.subarray(1, 2)],
    [1, Buffer.concat([euro.subarray(2), Buffer.from('b\n')])],
    [1, euro.subarray(0, 2)],
    [2, Buffer.concat([euro.subarray(0, 2), Buffer.from('\n')])],
  ]);
  const texts = readFileSync(log, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.equal(
    texts.map(({ stream, log }) => [stream, log]),
    [
      ['stdout', 'a'],
      ['stderr', 'between\n'],
      ['stdout', '€b\n'],
      ['stderr', '\ufffd\ufffd\n'],
      ['stdout', '\ufffd\ufffd'],
    ],
  );
});

test('attributes are in every record of a json-file', () => {
  const log = join(mkdtempSync(join(scratch(), 'log-')), 'log');
  const attributes = { tag: 'a "b"', of: 'it' };
  run(driver, ['log', log, 'json-file', '0', '1', JSON.stringify(attributes)], '1 4\none\n2 4\ntwo\n');
  const records = readFileSync(log, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.equal(
    records.map(({ log, attrs }) => [log, attrs]),
    [
      ['one\n', attributes],
      ['two\n', attributes],
    ],
  );
});

test('a size of 0 never rotates', () => {
  const { directory } = logOf('k8s-file', [[1, 'x\n'.repeat(5000)]], 0, 3);
  assert.equal(readdirSync(directory), ['log']);
});

test('where the old log can not be put aside, it goes on in the same file', () => {
  const directory = mkdtempSync(join(scratch(), 'log-'));
  mkdirSync(join(directory, 'log.1/x'), { recursive: true });
  write(join(directory, 'log'), 'k8s-file', [[1, 'one\ntwo\nthree\n']], 60, 2);
  assert.equal(lines(join(directory, 'log')), ['stdout F one', 'stdout F two', 'stdout F three']);
});

test('a new file that is refused costs lines of the log, not the container; later it is tried again', async () => {
  const directory = mkdtempSync(join(scratch(), 'log-'));
  const log = join(directory, 'log');
  const child = spawn(driver, ['log', log, 'k8s-file', '60', '2'], {
    stdio: ['pipe', 'inherit', 'inherit'],
    env: { ...process.env, ...sanitizers },
  });
  const ended = once(child, 'exit');
  const whole = (name: string, count: number) =>
    eventually(() => existsSync(name) && lines(name).length === count);
  child.stdin.write('1 4\none\n');
  await whole(log, 1);
  renameSync(directory, `${directory}.away`);
  // The second record still goes into the open file; then there is no directory for the next one.
  child.stdin.write('1 4\ntwo\n');
  await whole(`${directory}.away/log`, 2);
  child.stdin.write('1 5\nlost\n');
  renameSync(`${directory}.away`, directory);
  child.stdin.end('1 6\nagain\n');
  assert.equal(await ended, [0, null]);
  const all = [...(existsSync(`${log}.1`) ? lines(`${log}.1`) : []), ...lines(log)];
  assert.equal([all.slice(0, 2), all.at(-1)], [['stdout F one', 'stdout F two'], 'stdout F again']);
});

test('a log that can not be opened at the start is an error', () => {
  const ran = run(driver, ['log', '/nonexistent/log', 'k8s-file', '0', '1']);
  assert.equal(ran, {
    code: 125,
    stdout: '',
    stderr: 'Error: cannot open the log /nonexistent/log: No such file or directory\n',
  });
});

test('a full disk loses what can not be written, and nothing more', () => {
  assert.equal(run(driver, ['log', '/dev/full', 'k8s-file', '0', '1'], '1 4\none\n1 4\ntwo\n'), {
    code: 0,
    stdout: '',
    stderr: '',
  });
});

test('without a log nothing is written', () => {
  assert.equal(run(driver, ['x'], '1 4\none\n'), { code: 0, stdout: '', stderr: '' });
});

test.run();
