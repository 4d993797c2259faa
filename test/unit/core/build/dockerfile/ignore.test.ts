import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createIgnore, ignoreFiles, ignoreOf } from '../../../../../core/build/dockerfile/ignore.ts';
import { refusal } from './reading.ts';

const ignored = (patterns: string[], path: string) => createIgnore(patterns.join('\n')).ignores(path);

function table(cases: [pattern: string, path: string, result: boolean][]): void {
  for (const [pattern, path, result] of cases)
    assert.is(ignored([pattern], path), result, `${pattern} ${path}`);
}

test('a pattern matches a path, and all that is below it', () => {
  table([
    ['a', 'a', true],
    ['a', 'a/b/c', true],
    ['a', 'b/a', false],
    ['a/b', 'a/b/c', true],
    ['a/b', 'a', false],
    ['a', 'ab', false],
  ]);
});

test('slashes at the ends, dots and blanks around it mean nothing', () => {
  table([
    ['/a', 'a', true],
    ['a/', 'a', true],
    ['a/', 'a/b', true],
    [' ./a/../b ', 'b/c', true],
    ['a//b', 'a/b', true],
    ['..', 'a', false],
    ['.', 'a', false],
    ['../a', 'a', false],
  ]);
});

test('* and ? stop at a slash', () => {
  table([
    ['*', 'a', true],
    ['*.go', 'a.go', true],
    ['*.go', 'a/b.go', false],
    ['*/*.go', 'a/b.go', true],
    ['a?b', 'a/b', false],
    ['a?b', 'a☺b', true],
    ['a???b', 'a☺b', false],
    ['a*b?c*x', 'abxbbxdbxebxczzx', true],
    ['a*b?c*x', 'abxbbxdbxebxczzy', false],
    ['a*b*c*d*e*/f', 'axbxcxdxexxx/f', true],
    ['a*b*c*d*e*/f', 'axbxcxdxexxx/fff', false],
    ['.*', '.foo', true],
    ['a.b', 'axb', false],
    ['a.|)$(}+{bc', 'a.|)$(}+{bc', true],
  ]);
});

test('** is any number of directories, none included', () => {
  table([
    ['**', 'a/b', true],
    ['**/', 'a', true],
    ['**/**', 'a/b', true],
    ['a/**', 'a', false],
    ['a/**', 'a/b/c', true],
    ['**/b', 'b', true],
    ['**/b', 'a/b/c', true],
    ['**/b', 'ab', false],
    ['**/b/*', 'a/b/c', true],
    ['**/b/**', 'a/b/c/d', true],
    ['**b', 'a/ab', true],
    ['**b', 'a/ba', false],
    ['**b/c', 'a/ab/c', true],
    ['**b?', 'a/abc', false],
    ['**b?', 'a/bc', true],
    ['**/*.txt', 'a.txt', true],
    ['**/**/*.txt', 'a/b/c.txt', true],
    ['**/**/*.txt2', 'a/b/c.txt', false],
    ['a**/*.txt', 'a/b/c.txt', true],
    ['a*b**/c', 'abbc', true],
    ['a/**/b/**/c', 'a/b/c', true],
    ['a/**/b/**/c', 'a/x/b/y/z/c', true],
    ['a/**/b/**/c', 'a/x/y/z/c', false],
    ['a/*.txt**', 'a/b.txt', true],
  ]);
});

test('classes are of characters, ranges, and not a slash', () => {
  table([
    ['a[b-d]e', 'ace', true],
    ['a[b-d]e', 'ae', false],
    ['a[^b-d]e', 'aze', true],
    ['a[^b-d]e', 'ace', false],
    ['a[^x]e', 'a/e', false],
    ['[a-ζ]*', 'α', true],
    ['[\\]a]', ']', true],
    ['[x\\-]', '-', true],
    ['a]', 'a]', true],
  ]);
});

test('\\ takes the meaning from the next character', () => {
  table([
    ['a\\*b', 'a*b', true],
    ['a\\*b', 'ab', false],
    ['a\\\\', 'a\\', true],
    ['\\#a', '#a', true],
    ['\\!a', '!a', true],
  ]);
});

test('comments and empty lines are skipped, a BOM and carriage returns are taken off', () => {
  assert.equal(createIgnore('\ufeffa\r\n\r\n# b\n  \n!c \n #d').patterns, ['a', '!c', '#d']);
});

test('the last pattern that matches a path, or a directory above it, decides', () => {
  assert.is(ignored(['*.md', '!README.md'], 'README.md'), false);
  assert.is(ignored(['!README.md', '*.md'], 'README.md'), true);
  assert.is(ignored(['*.md', '!README*.md', 'README-secret.md'], 'README-secret.md'), true);
  assert.is(ignored(['docs', '!docs/README.md'], 'docs/README.md'), false);
  assert.is(ignored(['**', '!util/docker/web'], 'util/docker/web/foo'), false);
  assert.is(ignored(['**', '!util/docker/web', 'util/docker/web/foo'], 'util/docker/web/foo'), true);
  assert.is(ignored(['**', '!a'], ''), false);
});

test('a directory is skipped where nothing below it can come back', () => {
  const ignore = createIgnore('a\n**/x\n!a/*/keep\n!b');
  assert.is(ignore.skipsTree('a'), false);
  assert.is(ignore.skipsTree('a/b'), false);
  assert.is(ignore.skipsTree('a/b/keep'), false);
  assert.is(ignore.skipsTree('a/b/other'), true);
  assert.is(ignore.skipsTree('c'), false);
  assert.is(ignore.skipsTree('c/x'), true);
  assert.is(createIgnore('a').skipsTree('a'), true);
  // A later pattern takes what was given back.
  assert.is(createIgnore('!a/b\na').skipsTree('a'), true);
});

test('what is no pattern is refused with its line', () => {
  for (const pattern of ['[', '[]a]', '[-]', '[x-]', '[a-b-c]', '[^', 'a[', '\\', '!', '! '])
    assert.is(
      refusal(() => createIgnore(`ok\n${pattern}`, 'x.dockerignore')),
      `cannot build x.dockerignore:2: ${JSON.stringify(pattern.trim())} is no pattern`,
    );
});

test('lists of patterns have the same rules', () => {
  const exclude = ignoreOf(['*.txt', '!b.txt']);
  assert.equal(
    ['a.txt', 'b.txt', 'c'].map((path) => exclude.ignores(path)),
    [true, false, false],
  );
});

test('a Dockerfile may have an ignore file of its own', () => {
  assert.equal(ignoreFiles('build/x.Dockerfile'), [
    'build/x.Dockerfile.containerignore',
    'build/x.Dockerfile.dockerignore',
    '.containerignore',
    '.dockerignore',
  ]);
  assert.equal(ignoreFiles(undefined), ['.containerignore', '.dockerignore']);
});

test('hostile patterns and paths end soon', () => {
  const began = performance.now();
  const path = 'a'.repeat(4000);
  assert.is(ignored([`${'*a'.repeat(900)}b`], path), false);
  assert.is(ignored([`${'**a'.repeat(500)}b`], path), false);
  assert.is(ignored([`${'**/*a'.repeat(400)}/b`], 'a/'.repeat(100)), false);
  const deep = createIgnore('x\n!y');
  for (let depth = 1; depth < 2000; depth++) deep.ignores(`${'d/'.repeat(depth)}f`);
  assert.match(
    refusal(() => createIgnore('a\n'.repeat(20_000))),
    'it has more than 10000 patterns',
  );
  assert.match(
    refusal(() => createIgnore('a'.repeat(2 << 20))),
    'it is larger than 1 MiB',
  );
  assert.ok(performance.now() - began < 20_000);
});

test.run();
