import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  assertsDirectory,
  basenameOf,
  meansContents,
  parseCopyEnd,
  trimmed,
} from '../../../../../core/container/copy/copy-end.ts';

test('a colon separates the container, unless the text can only be a path here', () => {
  const inside = (container: string, path: string) => ({ kind: 'container', container, path });
  assert.equal(parseCopyEnd('c:/x'), inside('c', '/x'));
  assert.equal(parseCopyEnd('c:x/y'), inside('c', '/x/y'));
  assert.equal(parseCopyEnd('c:'), inside('c', '/'));
  assert.equal(parseCopyEnd('c:/a:b\nc'), inside('c', '/a:b\nc'));
  for (const path of ['/a:b', './a:b', '../a:b', 'plain', '.', '..'])
    assert.equal(parseCopyEnd(path), { kind: 'local', path });
  assert.equal(parseCopyEnd('-'), { kind: 'stream' });
  assert.throws(() => parseCopyEnd(':x'), /cannot copy ":x"/);
  assert.throws(() => parseCopyEnd(''), /a path is empty/);
});

test('the end of a path tells what is meant', () => {
  const shown = (path: string) => [
    assertsDirectory(path),
    meansContents(path),
    basenameOf(path),
    trimmed(path),
  ];
  assert.equal(shown('/a/b'), [false, false, 'b', '/a/b']);
  assert.equal(shown('/a/b/'), [true, false, 'b', '/a/b']);
  assert.equal(shown('/a/b/.'), [true, true, 'b', '/a/b']);
  assert.equal(shown('/a//b//'), [true, false, 'b', '/a//b']);
  assert.equal(shown('/'), [true, true, '', '/']);
  assert.equal(shown('.'), [true, true, '', '.']);
  assert.equal(shown('a/..'), [false, true, '', 'a/..']);
  assert.equal(shown('a.'), [false, false, 'a.', 'a.']);
  assert.equal(shown('/a/.b'), [false, false, '.b', '/a/.b']);
});

test.run();
