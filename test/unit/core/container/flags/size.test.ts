import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseSize } from '../../../../../core/container/flags/size.ts';
import { PodError } from '../../../../../core/error.ts';

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
  for (const [text, bytes] of sizes) assert.is(parseSize(text, '--memory'), bytes, text);
});

test('what is no size is refused', () => {
  const texts = [
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
    ...['32kbx', '9999p', '9'.repeat(400), '1\n', '0x10', 'NaN', 'Infinity', '１'],
  ];
  for (const text of texts)
    assert.throws(
      () => parseSize(text, '--memory'),
      (error: unknown) =>
        error instanceof PodError &&
        error.code === 'usage' &&
        error.message === `invalid size ${JSON.stringify(text)} for --memory`,
      JSON.stringify(text),
    );
});

test.run();
