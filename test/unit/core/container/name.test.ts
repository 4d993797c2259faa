import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { checkName, isName, newId, randomName } from '../../../../core/container/name.ts';
import { refusal } from './fixtures.ts';

test('an id has 64 hexadecimal digits, and no two are the same', () => {
  const ids = Array.from({ length: 100 }, newId);
  for (const id of ids) assert.match(id, /^[0-9a-f]{64}$/);
  assert.is(new Set(ids).size, 100);
});

test('a random name is a name, with a number once a few were taken', () => {
  for (let attempt = 0; attempt < 200; attempt++) {
    const name = randomName(attempt);
    assert.ok(isName(name), name);
    assert.match(name, attempt > 2 ? /^[a-z]+_[a-z]+\d{1,3}$/ : /^[a-z]+_[a-z]+$/);
  }
});

test("docker's names are names", () => {
  for (const name of ['a', '0', 'A.b-c_d', 'x'.repeat(255)]) assert.is(checkName('volume', name), name);
});

test('anything else is refused, and shown so that it can be read', () => {
  for (const name of ['', '.', '..', '.a', '-a', '_a', 'a/b', 'a b', 'a\n', 'ä', 'x'.repeat(256)])
    assert.match(
      refusal(() => checkName('volume', name)),
      /^usage: ".*" can't be the name of a volume: a name begins/,
    );
  assert.match(
    refusal(() => checkName('volume', 'a\x1b[2J')),
    /"a\\u001b\[2J"/,
  );
});

test.run();
