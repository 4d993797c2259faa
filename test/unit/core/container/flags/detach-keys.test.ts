import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { checkDetachKeys, detachBytes } from '../../../../../core/container/flags/detach-keys.ts';
import { encodeWord } from '../../../../../rootless/plan.ts';
import { refusal } from '../fixtures.ts';

test("docker's notation becomes bytes", () => {
  assert.is(detachBytes('ctrl-p,ctrl-q'), '\x10\x11');
  assert.is(detachBytes('ctrl-a,b,C,ctrl-Z'), '\x01bC\x1a');
  assert.is(detachBytes('ctrl-[,ctrl-\\,ctrl-],ctrl-^,ctrl-_'), '\x1b\x1c\x1d\x1e\x1f');
  assert.is(detachBytes('ä'), 'ä');
  assert.is(detachBytes(''), '');
  assert.is(checkDetachKeys('ctrl-p'), 'ctrl-p');
});

test('what can not be typed or can not be a word of a plan is refused', () => {
  for (const keys of [
    ',',
    'a,',
    'ctrl-',
    'ctrl-@',
    'ctrl-1',
    'ctrl-ab',
    'ab',
    'ctrl-ä',
    Array(17).fill('a').join(','),
  ])
    assert.match(
      refusal(() => encodeWord(detachBytes(keys))),
      /^usage: cannot use --detach-keys/,
      keys,
    );
});

test.run();
