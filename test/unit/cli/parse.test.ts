import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  parseChoice,
  parseDuration,
  parseInteger,
  parseKeyValue,
  parseKeyValues,
} from '../../../cli/parse.ts';
import { PodError } from '../../../core/error.ts';

function refuses(parse: (text: string) => unknown, texts: string[]) {
  for (const text of texts)
    assert.throws(
      () => parse(text),
      (error: unknown) => error instanceof PodError && error.code === 'usage',
      `${JSON.stringify(text)} should be refused`,
    );
}

test('durations are read as Go reads them', () => {
  const durations: [string, number][] = [
    ['0', 0],
    ['5s', 5000],
    ['+5s', 5000],
    ['-5.5s', -5500],
    ['.5s', 500],
    ['1.s', 1000],
    ['3h30m', 12_600_000],
    ['10.5s4m', 250_500],
    ['1h1m1s1ms1us1ns', 3_661_001.001001],
    ['12µs', 0.012],
    ['12μs', 0.012],
    ['100ms', 100],
  ];
  for (const [text, ms] of durations) assert.ok(Math.abs(parseDuration(text) - ms) < 1e-6, text);
});

test('what is no duration is refused', () => {
  refuses(parseDuration, [
    '',
    '3',
    '-',
    's',
    '.',
    '-.',
    '.s',
    '+.s',
    '3000d',
    '1 s',
    '1s ',
    '--1s',
    '1s\n',
    '1.2.3s',
  ]);
});

test('whole numbers are read within their bounds', () => {
  assert.is(parseInteger('-5'), -5);
  assert.is(parseInteger('+7', 0, 7), 7);
  refuses((text) => parseInteger(text, 0, 7), ['8', '-1', '1.0', '', '1e1', '0x1', ' 1', '9'.repeat(30)]);
});

test('decimals are read', () => {});

test('key and value are parted at the first equals sign', () => {
  assert.equal(parseKeyValue('a=b=c'), ['a', 'b=c']);
  assert.equal(parseKeyValue('a='), ['a', '']);
  assert.equal(parseKeyValue('a'), ['a', undefined]);
  refuses(parseKeyValue, ['', '=', '=x']);
  assert.equal(parseKeyValues(['a=1', 'b', 'a=2']), { a: '2', b: '' });
});

test('a key may be called as anything', () => {
  const record = parseKeyValues(['__proto__=x', 'constructor=y']);
  assert.equal(Object.entries(record), [
    ['__proto__', 'x'],
    ['constructor', 'y'],
  ]);
});

test('a choice is one of its list, and a wrong one names them', () => {
  assert.is(parseChoice('b', ['a', 'b']), 'b');
  try {
    parseChoice('x', ['a', 'b', 'c']);
    assert.unreachable();
  } catch (error) {
    assert.is((error as PodError).why, 'it takes a, b or c');
  }
});

test.run();
