import { spawnSync } from 'node:child_process';
import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { encodePlan } from '../../rootless/plan.ts';
import { buildDriver, nativeSource, sanitizers, scratch } from './build.ts';
import { operationShapes } from './shapes.ts';

const driver = buildDriver('plan', ['plan.c', 'die.c']);
const file = join(scratch(), 'a plan');

function parseFile(content: string | Buffer): { code: number | null; stdout: string; stderr: string } {
  writeFileSync(file, content);
  const { status, stdout, stderr } = spawnSync(driver, [file], {
    env: sanitizers,
    encoding: 'latin1',
    maxBuffer: 64 << 20,
  });
  return { code: status, stdout, stderr };
}

function words(content: string | Buffer): string[][] {
  const { code, stdout, stderr } = parseFile(content);
  assert.equal({ code, stderr }, { code: 0, stderr: '' });
  const lines = stdout.split('\n').slice(0, -1);
  return lines.map((line) =>
    line
      .split('.')
      .slice(0, -1)
      .map((word) => Buffer.from(word, 'hex').toString()),
  );
}

function refusal(content: string | Buffer): string {
  const { code, stdout, stderr } = parseFile(content);
  assert.equal({ code, stdout }, { code: 125, stdout: '' });
  const said = /^Error: bug in tsc-pod's plan: (.*)\n$/.exec(stderr);
  assert.ok(said, stderr);
  return said![1]!;
}

const plan = (body: string) => `plan 1 run\n${body}`;

test('a plan is its role and its operations', () => {
  assert.equal(words(plan('detach\nenv A=1\nexec a b c\n')), [
    ['run'],
    ['detach'],
    ['env', 'A=1'],
    ['exec', 'a', 'b', 'c'],
  ]);
});

test('a plan may have no operation', () => {
  assert.equal(words('plan 1 lock\n'), [['lock']]);
});

test('escapes stand for bytes, two quotes for an empty word', () => {
  assert.equal(words(plan("exec \\040 '' \\134 \\047\\047 a\\012b \\377\n")), [
    ['run'],
    ['exec', ' ', '', '\\', "''", 'a\nb', '\ufffd'],
  ]);
});

test('what TypeScript writes is what the launcher reads', () => {
  const everyByte = Array.from({ length: 255 }, (_, i) => String.fromCharCode(i + 1));
  const operations = [
    ['exec', '', "'", "''", '\\', '\\\\000', ' ', '  ', '\n', '\t', 'ä', '𝄞', '\u0085', '\ufeff', 'a b'],
    ['exec', ...everyByte, everyByte.join('')],
    ['env', `LONG=${'x\n'.repeat(60_000)}`],
  ];
  assert.equal(words(encodePlan('exec', operations)), [['exec'], ...operations]);
});

test('a surrogate without its other half comes as the replacement character', () => {
  assert.equal(words(encodePlan('run', [['exec', '\ud800']])), [['run'], ['exec', '\ufffd']]);
});

test('a plan of another version is refused', () => {
  assert.is(refusal('plan 2 run\n'), 'version 2, not 1');
  assert.is(refusal('plan one run\n'), 'one is no number');
  assert.is(refusal("plan '' run\n"), ' is no number');
  assert.is(refusal('plan 99999999999999999999 run\n'), '99999999999999999999 is no number');
  assert.is(refusal(`plan ${'9'.repeat(5000)} run\n`), `${'9'.repeat(40)} is no number`);
});

test('what does not begin as a plan is refused', () => {
  for (const text of ['plan 1\n', 'plan 1 run more\n', 'plam 1 run\n', '{"a": 1, "b": 2}\n', 'detach\n'])
    assert.is(refusal(text), 'no plan', text);
});

test('a text without a last line break was cut, and so was an empty one', () => {
  for (const text of ['', 'plan 1 run', 'plan 1 run\ndetach'])
    assert.is(refusal(text), 'the last line is cut', text);
});

test('a NUL byte is refused wherever it is', () => {
  for (const text of ['\0plan 1 run\n', 'plan 1 run\nexec a\0b\n', 'plan 1 run\n\0\n'])
    assert.is(refusal(text), 'a NUL byte');
  assert.is(refusal('plan 1 run\ndetach\0'), 'the last line is cut');
});

test('an operation that is not known is refused, and its name is cut where it is long', () => {
  assert.is(refusal(plan('explode now\n')), 'unknown operation explode');
  assert.is(refusal(plan(`${'a'.repeat(100_000)}\n`)), `unknown operation ${'a'.repeat(40)}`);
  assert.is(refusal(plan("'' a\n")), 'unknown operation ');
  assert.is(refusal(plan('plan 1 run\n')), 'unknown operation plan');
});

test('two spaces, one at an end, and an empty line are empty words', () => {
  for (const body of ['\n', ' \n', 'exec  a\n', ' exec a\n', 'exec a \n', 'detach\n\n'])
    assert.is(refusal(plan(body)), 'an empty word', JSON.stringify(body));
});

test('an escape has three octal digits and stands for a byte that is not NUL', () => {
  for (const word of ['\\', '\\0', '\\01', '\\08x', '\\x41', '\\1\\2', 'a\\', '\\18a'])
    assert.is(refusal(plan(`exec ${word}\n`)), 'a backslash without three octal digits', word);
  for (const word of ['\\000', '\\400', '\\777', 'ab\\000'])
    assert.is(refusal(plan(`exec ${word}\n`)), 'an escape that stands for no byte', word);
});

test('each operation takes as many words as it is declared with', () => {
  const shapes = operationShapes(nativeSource);
  assert.ok(shapes.length > 50);
  for (const { name, least, most } of shapes) {
    const line = (count: number) => plan(`${[name, ...Array(count).fill('x')].join(' ')}\n`);
    if (least > 0) assert.is(refusal(line(least - 1)), `${name} with ${least - 1} words`);
    if (most >= 0) assert.is(refusal(line(most + 1)), `${name} with ${most + 1} words`);
    assert.is(words(line(least)).length, 2);
  }
});

test('a file is a plan up to 8 MiB, and no further', () => {
  const max = 8 << 20;
  const start = 'plan 1 run\nexec ';
  assert.is(words(`${start}${'x'.repeat(max - start.length - 1)}\n`)[1]![1]!.length, max - start.length - 1);
  writeFileSync(file, '');
  truncateSync(file, max + 1);
  const large = spawnSync(driver, [file], { env: sanitizers, encoding: 'utf8' });
  assert.equal(
    [large.status, large.stderr],
    [125, "Error: bug in tsc-pod's plan: larger than 8388608 bytes\n"],
  );
});

test('the worst plans for memory, nothing but line breaks or words of one byte, are read all the same', () => {
  const max = 8 << 20;
  assert.is(refusal(`plan 1 run\n${'\n'.repeat(max - 11)}`), 'an empty word');
  const operations = `exec${' x'.repeat(1000)}\n`;
  assert.is(words(plan(operations.repeat(1000))).length, 1001);
});

test('a plan that is not there is an error with its path', () => {
  const missing = spawnSync(driver, ['/nonexistent/plan'], { env: sanitizers, encoding: 'utf8' });
  assert.equal(
    [missing.status, missing.stderr],
    [125, 'Error: cannot read the plan /nonexistent/plan: No such file or directory\n'],
  );
});

test('a plan may come in an argument', () => {
  const got = spawnSync(driver, ['-c', encodePlan('lock', [['lock', '/a b']])], {
    env: sanitizers,
    encoding: 'utf8',
  });
  assert.equal([got.status, got.stderr, got.stdout], [0, '', '6c6f636b.\n6c6f636b.2f612062.\n']);
});

test.run();
