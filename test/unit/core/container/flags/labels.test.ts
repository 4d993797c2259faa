import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readLabels } from '../../../../../core/container/flags/labels.ts';
import { refusal, temporary } from '../fixtures.ts';

function file(content: string): string {
  const path = join(temporary(), 'labels');
  writeFileSync(path, content);
  return path;
}

test('a label is a key with a value, or a key alone', () => {
  assert.equal(readLabels(['a=1', 'b', 'c=', 'd=x=y', 'a b= c '], []), {
    a: '1',
    b: '',
    c: '',
    d: 'x=y',
    'a b': ' c ',
  });
});

test('words win over files, later ones over earlier ones', () => {
  assert.equal(readLabels(['a=word', 'a=last'], [file('a=1\nb=1\n'), file('b=2\n')]), { a: 'last', b: '2' });
});

test('a file may have comments, empty lines, line ends of Windows and a byte order mark', () => {
  assert.equal(readLabels([], [file('\ufeffa=1\r\n\r\n# c=3\r\n  b=2\r\n')]), { a: '1', b: '2' });
});

test('a label without a key is refused, and so is a file that is not there', () => {
  for (const word of ['', '=', '=x'])
    assert.match(
      refusal(() => readLabels([word], [])),
      /^usage: cannot use the label .* it has no key$/,
    );
  assert.match(
    refusal(() => readLabels([], ['/nonexistent'])),
    /^not-found: cannot read the label file/,
  );
});

test('a key may be a word of JavaScript', () => {
  assert.equal(
    JSON.stringify(readLabels(['__proto__=1', 'constructor=2'], [])),
    '{"__proto__":"1","constructor":"2"}',
  );
});

test.run();
