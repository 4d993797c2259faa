import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { expandWord, expandWords } from '../../../../../core/build/dockerfile/expand.ts';
import { refusal } from './reading.ts';

const values: Record<string, string> = {
  a: 'one',
  b: 'two words',
  empty: '',
  path: '/usr/local/bin/x.tar.gz',
  stars: 'a*b*c',
  lines: 'a\nb\na',
  _x1: 'under',
};
const lookup = (name: string) => values[name];
const expand = (word: string, options = {}) => expandWord(word, lookup, options);

function table(cases: [word: string, result: string][]): void {
  for (const [word, result] of cases) assert.is(expand(word), result, word);
}

test('variables are replaced, and unset ones are empty', () => {
  table([
    ['plain', 'plain'],
    ['$a', 'one'],
    ['${a}', 'one'],
    ['$a$b', 'onetwo words'],
    ['$a-x', 'one-x'],
    ['$a.b', 'one.b'],
    ['$ab', ''],
    ['${a}b', 'oneb'],
    ['$_x1', 'under'],
    ['x${none}y', 'xy'],
    ['$', '$'],
    ['a$', 'a$'],
    ['$ a', '$ a'],
    ['$/a', '$/a'],
    ['$1a', 'a'],
    ['$?', ''],
  ]);
});

test('quotes and escapes are taken off', () => {
  table([
    ['"$a"', 'one'],
    ["'$a'", '$a'],
    ['\\$a', '$a'],
    ['"\\$a"', '$a'],
    ['"\\"a\\""', '"a"'],
    ['a\\ b', 'a b'],
    ['a\\\\b', 'a\\b'],
    ['"a\\b"', 'a\\b'],
    ["'a\\b'", 'a\\b'],
    ['a"b c"d', 'ab cd'],
    ['"it\'s"', "it's"],
    ['""', ''],
    ['a\\', 'a'],
  ]);
});

test('the escape character is the one of the file', () => {
  assert.is(expand('`$a \\$a "`"" a`', { escape: '`' }), '$a \\one " a');
});

test('a variable that is not set, or is empty, has another value', () => {
  table([
    ['${a:-x}', 'one'],
    ['${none:-x}', 'x'],
    ['${empty:-x}', 'x'],
    ['${empty-x}', ''],
    ['${none-x}', 'x'],
    ['${none:-}', ''],
    ['${a:+x}', 'x'],
    ['${empty:+x}', ''],
    ['${empty+x}', 'x'],
    ['${none+x}', ''],
    ['${none:-$a}', 'one'],
    ['${none:-${empty:-${b}}}', 'two words'],
    ['${none:-"a}b"}', 'a}b'],
    ["${none:-'$a'}", '$a'],
    ['${none:-a\\}b}', 'a}b'],
    ['${none:-a b}', 'a b'],
  ]);
});

test('a variable that has to be set is an error where it is not', () => {
  assert.is(expand('${a:?x}${empty?x}'), 'one');
  assert.match(
    refusal(() => expand('${none:?it is needed}')),
    'none: it is needed',
  );
  assert.match(
    refusal(() => expand('${none?}')),
    'none: is not set',
  );
  assert.match(
    refusal(() => expand('${empty:?}')),
    'empty: is empty',
  );
});

test('prefixes and suffixes are cut off, the shortest or the longest', () => {
  table([
    ['${path#*/}', 'usr/local/bin/x.tar.gz'],
    ['${path##*/}', 'x.tar.gz'],
    ['${path%.*}', '/usr/local/bin/x.tar'],
    ['${path%%.*}', '/usr/local/bin/x'],
    ['${path%/*}', '/usr/local/bin'],
    ['${path%%/*}', ''],
    ['${path#none}', '/usr/local/bin/x.tar.gz'],
    ['${path#/???/}', 'local/bin/x.tar.gz'],
    ['${stars#a\\*}', 'b*c'],
    ['${stars%\\*c}', 'a*b'],
    ['${a#$a}', ''],
    ['${none#x}', ''],
    ['${path%?gz}', '/usr/local/bin/x.tar'],
  ]);
});

test('matches are replaced, one or all', () => {
  table([
    ['${b/o/0}', 'tw0 words'],
    ['${b//o/0}', 'tw0 w0rds'],
    ['${b/ /}', 'twowords'],
    ['${path//\\//-}', '-usr-local-bin-x.tar.gz'],
    ['${b/w*s/x}', 'tx'],
    ['${b//?/x}', 'xxxxxxxxx'],
    ['${stars//\\*/+}', 'a+b+c'],
    ['${lines//a/x}', 'x\nb\nx'],
    ['${lines/a*/x}', 'x\nb\na'],
    ['${b/none/x}', 'two words'],
    ['${b/o/$a}', 'twone words'],
    ['${b/two/a\\}b}', 'a}b words'],
  ]);
});

test('what is malformed is refused', () => {
  for (const word of [
    '${a',
    '${',
    '${}',
    '${{a}',
    '${:-a}',
    '${a!}',
    '${a:=x}',
    '${a:}',
    '"a',
    "'a",
    '${a:-"}',
    '${a/x}',
    '${a/x/y',
    '${a#\\x}',
  ])
    assert.match(
      refusal(() => expand(word)),
      'cannot expand a word',
      word,
    );
});

test('in a document quotes are text, and the escape character is always \\', () => {
  const document = (text: string) => expand(text, { document: true, escape: '`' });
  assert.is(document("\"$a\" '$a' it's `$a`"), "\"one\" 'one' it's `one`");
  assert.is(document('\\$a \\\\ \\n'), '$a \\ n');
});

test('words are parted at the blanks of values, and not at quoted ones', () => {
  const words = (line: string) => expandWords(line, lookup);
  assert.equal(words('80 $b "$b" a\\ b'), ['80', 'two', 'words', 'two words', 'a b']);
  assert.equal(words('x$b y'), ['xtwo', 'words', 'y']);
  assert.equal(words(' $none  $empty '), []);
});

test('unset variables are told of, unless they have another value', () => {
  const unset: string[] = [];
  expand("$none ${none2} ${none3:-x} ${none4:+x} ${none5#x} $a '$none6'", {
    onUnset: (name: string) => unset.push(name),
  });
  assert.equal(unset, ['none', 'none2', 'none5']);
});

test('hostile words end soon', () => {
  const began = performance.now();
  const big = (name: string) => (name === 'big' ? 'x'.repeat(1 << 20) : undefined);
  assert.match(
    refusal(() => expandWord('$big$big', big)),
    'it becomes longer than 1 MiB',
  );
  assert.match(
    refusal(() => expandWord('${a:-'.repeat(100_000), big)),
    'variables are nested deeper than 64',
  );
  assert.match(
    refusal(() => expandWord('${big//x/${big}}', big)),
    'it becomes too long',
  );
  assert.is(expandWord(`\${big#${'*a'.repeat(400)}}`, big).length, 1 << 20);
  assert.is(expandWord(`\${big//x*y/}`, big).length, 1 << 20);
  assert.is(expandWord(`\${big%${'x?'.repeat(400)}y}`, big).length, 1 << 20);
  assert.match(
    refusal(() => expandWord(`\${big#${'a'.repeat(2000)}}`, big)),
    'is no pattern',
  );
  assert.ok(performance.now() - began < 20_000);
});

test.run();
