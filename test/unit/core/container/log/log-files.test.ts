import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { byAge } from '../../../../../core/container/log/log-files.ts';

/** Files by number, the older the smaller; `removed` have no name any more. */
const order = (met: number[], removed: number[] = []) =>
  byAge(met.map((ino) => ({ ino, nlink: removed.includes(ino) ? 0 : 1 }))).map(({ ino }) => ino);

test('the oldest comes first', () => {
  assert.equal(order([4, 3, 2, 1]), [1, 2, 3, 4]);
  assert.equal(order([]), []);
});

test('a file that one rotation moved under the search is there once', () => {
  assert.equal(order([3, 3, 2, 1]), [1, 2, 3]);
});

test('files that came meanwhile and overtook the search are younger than those it had met', () => {
  assert.equal(order([3, 2, 6, 5, 4, 3, 2, 1]), [1, 2, 3, 4, 5, 6]);
});

test('a file that was rotated away meanwhile is older than all that have a name', () => {
  assert.equal(order([3, 4], [3]), [3, 4]);
  assert.equal(order([4, 3, 6, 5], [4, 3]), [3, 4, 5, 6]);
});

test.run();
