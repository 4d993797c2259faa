import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  parseChoice,
  parseDecimal,
  parseDuration,
  parseInteger,
  parseKeyValue,
  parseKeyValues,
  parseSize,
  parseSizeOrUnlimited,
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

test('sizes are read as docker reads them', () => {
  const sizes: [string, number][] = [
    ['0', 0],
    ['32', 32],
    ['32b', 32],
    ['32B', 32],
    ['32k', 32 * 1024],
    ['32K', 32 * 1024],
    ['32kb', 32 * 1024],
    ['32Kib', 32 * 1024],
    ['32 kb', 32 * 1024],
    ['512m', 512 * 1024 ** 2],
    ['1.5g', 1.5 * 1024 ** 3],
    ['32.5 kB', 32.5 * 1024],
    ['0.3k', 307],
    ['2t', 2 * 1024 ** 4],
    ['1p', 1024 ** 5],
  ];
  for (const [text, bytes] of sizes) assert.is(parseSize(text), bytes, text);
});

test('what is no size is refused', () => {
  refuses(parseSize, [
    '',
    ' ',
    'k',
    '-1',
    '-32',
    '1e3',
    '32bb',
    '32mm',
    '5ib',
    '1..5',
    '.5',
    '1.',
    ' 1',
    '1 ',
    '1  k',
  ]);
  refuses(parseSize, ['32kbx', '9999p', '9'.repeat(400), '1\n', '0x10', 'NaN', 'Infinity', '１']);
});

test('no limit is -1 where that is allowed', () => {
  assert.is(parseSizeOrUnlimited('-1'), -1);
  assert.is(parseSizeOrUnlimited('1k'), 1024);
  refuses(parseSizeOrUnlimited, ['-2', '-1k']);
});

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

test('decimals are read', () => {
  assert.is(parseDecimal('1.5'), 1.5);
  assert.is(parseDecimal('.5'), 0.5);
  assert.is(parseDecimal('2.'), 2);
  refuses(parseDecimal, ['', '.', '-1', '1e9', 'Infinity', 'NaN', '1,5']);
});

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
