import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { alignColumns } from '../../../../cli/output/table.ts';
import { displayWidth, ellipsis } from '../../../../cli/output/width.ts';

test('columns are as wide as their widest text and three more, ten at least', () => {
  assert.is(
    alignColumns('CONTAINER ID\tIMAGE\tCOMMAND\nabc\ta-long-image-name\tx'),
    'CONTAINER ID   IMAGE               COMMAND\nabc            a-long-image-name   x',
  );
  assert.is(alignColumns('a\tb\tc'), 'a         b         c');
});

test('an empty cell keeps its place, and the last column is not filled up', () => {
  assert.is(
    alignColumns('A\tB\tC\nx\t\tz\nx\ty\t'),
    'A         B         C\nx                   z\nx         y         ',
  );
});

test('a column ends at a line that has no cell in it', () => {
  assert.is(alignColumns('long-long-long\tx\nplain\na\tb'), 'long-long-long   x\nplain\na         b');
  assert.is(
    alignColumns('a\tbbbbbbbbbbbbbbb\tc\na\tb\nlooooooooooong\tb\tc'),
    'a                bbbbbbbbbbbbbbb   c\na                b\nlooooooooooong   b         c',
  );
});

test('wide characters and combining marks are counted as a terminal shows them', () => {
  assert.is(alignColumns('日本語日本語\tx\nabc\ty'), '日本語日本語   x\nabc            y');
  assert.is(displayWidth('e\u0301'), 1);
  assert.is(displayWidth('日本'), 4);
  assert.is(displayWidth('👍🏽'), 2);
  assert.is(displayWidth('👨‍👩‍👧'), 2);
  assert.is(displayWidth('❤️'), 2);
  assert.is(displayWidth('\u200b'), 0);
  assert.is(displayWidth('ü…'), 2);
});

test('no lines and empty lines', () => {
  assert.is(alignColumns(''), '');
  assert.is(alignColumns('\n\n'), '\n\n');
});

test('a table of many lines and columns is made at once', () => {
  const line = Array(50).fill('cell').join('\t');
  const text = alignColumns(Array(2000).fill(line).join('\n'));
  assert.is(text.split('\n').length, 2000);
});

test('a text that is too long ends in an ellipsis', () => {
  assert.is(ellipsis('abcdef', 6), 'abcdef');
  assert.is(ellipsis('abcdefg', 6), 'abcde…');
  assert.is(ellipsis('日本語', 5), '日本…');
  assert.is(ellipsis('日本語', 4), '日…');
  assert.is(ellipsis('abc', 1), '…');
  assert.is(ellipsis('abc', 0), '');
  assert.is(ellipsis('', 5), '');
});

test.run();
