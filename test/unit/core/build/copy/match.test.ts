import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { hasWildcards, matcher, plainName } from '../../../../../core/build/copy/match.ts';

const latin = (text: string): string => Buffer.from(text).toString('latin1');

/** The examples of Go's filepath.Match (path/filepath/match_test.go tells what they give). */
const CASES: [string, string, boolean][] = [
  ['abc', 'abc', true],
  ['*', 'abc', true],
  ['*c', 'abc', true],
  ['a*', 'a', true],
  ['a*', 'ab/c', false],
  ['a*/b', 'abc/b', true],
  ['a*/b', 'a/c/b', false],
  ['a*b*c*d*e*/f', 'axbxcxdxe/f', true],
  ['a*b*c*d*e*/f', 'axbxcxdxe/xxx/f', false],
  ['ab[c]', 'abc', true],
  ['ab[b-d]', 'abc', true],
  ['ab[e-g]', 'abc', false],
  ['ab[^c]', 'abc', false],
  ['ab[^e-g]', 'abc', true],
  ['a\\*b', 'a*b', true],
  ['a\\*b', 'ab', false],
  ['a?b', 'a☺b', true],
  ['a[^a]b', 'a/b', false],
  ['a???b', 'aab', false],
  ['[a-ζ]*', 'α', true],
  ['[\\]a]', ']', true],
  ['[\\-x]', '-', true],
  ['a?b', 'a/b', false],
  ['*x', 'xxx', true],
  ['.*', '.hidden', true],
  ['*', '.hidden', true],
  ['a.c', 'abc', false],
  ['(a|b)+', 'a', false],
];

for (const [pattern, name, expected] of CASES)
  test(`${pattern} ${expected ? 'matches' : 'does not match'} ${name}`, () => {
    assert.is(matcher(latin(pattern))(latin(name)), expected);
  });

test('patterns that Go calls bad are refused', () => {
  for (const bad of ['[]a]', '[-]', '[x-]', '[-x]', 'a\\', '[', '[a', '[^', '[^bc', 'a['])
    assert.throws(() => matcher(bad), /cannot read the pattern/, bad);
});

test('two stars take directories, for --parents', () => {
  const fits = matcher('**/*.txt', { deep: true });
  assert.equal(['a.txt', 'x/a.txt', 'x/y/a.txt', 'x/a.md'].map(fits), [true, true, true, false]);
  assert.is(matcher('a/**', { deep: true })('a/b/c'), true);
});

test('names with escaped wildcards are names', () => {
  assert.equal(['a*', 'a\\*', 'a\\\\*', 'a?', '[', 'a]'].map(hasWildcards), [
    true,
    false,
    true,
    true,
    true,
    false,
  ]);
  assert.is(plainName('a\\*\\[b'), 'a*[b');
});

test.run();
