import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { encodePlan, encodeWord, replaceOperations } from '../../../rootless/plan.ts';

/** What rootless/native/plan.c does with a word; test/launcher compares with itself. */
const decode = (word: string): Buffer =>
  word === "''"
    ? Buffer.alloc(0)
    : Buffer.from(
        word.replace(/\\([0-7]{3})/g, (_, digits) => String.fromCharCode(Number.parseInt(digits, 8))),
        'latin1',
      );

test('plain words stand for themselves', () => {
  for (const word of ['a', '/usr/bin/x-y_z', 'A=b,c:d;e', '!"#$%&()*+~{}[]^`|<>?@'])
    assert.is(encodeWord(word), word);
});

test('what could be mistaken is escaped', () => {
  assert.is(encodeWord(''), "''");
  assert.is(encodeWord("''"), '\\047\\047');
  assert.is(encodeWord("a b\tc\nd\\e'f"), 'a\\040b\\011c\\012d\\134e\\047f');
  assert.is(encodeWord('é\x7f\x1b'), '\\303\\251\\177\\033');
  assert.is(encodeWord('\u2028𝄞'), '\\342\\200\\250\\360\\235\\204\\236');
});

test('each character comes back, and makes a line of printable ASCII', () => {
  for (let code = 1; code < 0x3000; code++) {
    const text = `a${String.fromCharCode(code)}b`;
    const word = encodeWord(text);
    assert.match(word, /^[!-~]+$/);
    assert.is(decode(word).toString(), text);
  }
});

test('a NUL is refused: no string of the kernel can hold one', () => {
  for (const word of ['\0', 'a\0', '\0 a']) assert.throws(() => encodeWord(word), /NUL/);
});

test('a plan is its header and a line an operation', () => {
  assert.is(encodePlan('lock', [['lock', '/a b']]), 'plan 1 lock\nlock /a\\040b\n');
  assert.is(encodePlan('run', []), 'plan 1 run\n');
  assert.is(encodePlan('run', [['exec', 'sh', '', '\n']]), "plan 1 run\nexec sh '' \\012\n");
});

test('operations of a plan are replaced where the first of them stood', () => {
  const text = encodePlan('run', [
    ['detach'],
    ['cgroup-base', 'self'],
    ['cwd', '/'],
    ['cgroup-set', 'a', '1'],
    ['init'],
  ]);
  const is = (name: string) => name.startsWith('cgroup-');
  assert.is(
    replaceOperations(text, is, [['cgroup-set', 'b', 'x y']]),
    encodePlan('run', [['detach'], ['cgroup-set', 'b', 'x y'], ['cwd', '/'], ['init']]),
  );
  assert.is(
    replaceOperations(encodePlan('run', [['init']]), is, [['detach']]),
    encodePlan('run', [['detach'], ['init']]),
  );
});

test.run();
