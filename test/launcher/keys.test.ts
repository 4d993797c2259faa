import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { buildDriver } from './build.ts';
import { run } from './drivers.ts';

const driver = buildDriver('keys', ['keys.c']);
const hex = (text: string) => Buffer.from(text, 'latin1').toString('hex');

/** What is passed on of each piece, and whether the keys were typed. */
function typed(sequence: string, ...pieces: string[]): { passed: string[]; detached: boolean } {
  const { code, stdout, stderr } = run(driver, [hex(sequence), ...pieces.map(hex)]);
  assert.equal({ code, stderr }, { code: 0, stderr: '' });
  const lines = stdout.split('\n').slice(0, -1);
  return {
    passed: lines.map((line) => Buffer.from(line.replace(' detached', ''), 'hex').toString('latin1')),
    detached: stdout.includes('detached'),
  };
}

const P = '\x10';
const Q = '\x11';

test('the keys detach, in one piece or in several', () => {
  assert.equal(typed(P + Q, P + Q), { passed: [''], detached: true });
  assert.equal(typed(P + Q, P, Q), { passed: ['', ''], detached: true });
});

test('what was typed before the keys is passed on, what comes behind them is not', () => {
  assert.equal(typed(P + Q, `exit\n${P}${Q}more`), { passed: ['exit\n'], detached: true });
});

test('the beginning of the keys is held back until something else is typed', () => {
  assert.equal(typed(P + Q, P, 'x', P, P, 'y'), { passed: ['', `${P}x`, '', P, `${P}y`], detached: false });
});

test('a first key that is typed twice still begins the keys', () => {
  assert.equal(typed(P + Q, `${P}${P}${Q}`), { passed: [P], detached: true });
});

test('keys whose beginning comes again in them are found wherever they begin', () => {
  assert.equal(typed('aab', 'aaab'), { passed: ['a'], detached: true });
  assert.equal(typed('abac', 'ababac'), { passed: ['ab'], detached: true });
  assert.equal(typed('aaaa', 'aaa', 'b', 'aaaaa'), { passed: ['', 'aaab', ''], detached: true });
  assert.equal(typed('abcabd', 'abcabcabd'), { passed: ['abc'], detached: true });
});

test('one key is enough, and any byte may be one', () => {
  assert.equal(typed('\xff', 'a\xff'), { passed: ['a'], detached: true });
  assert.equal(typed('\x01', '\x02\x01'), { passed: ['\x02'], detached: true });
});

test('without keys everything is passed on', () => {
  assert.equal(typed('', `${P}${Q}`, '', 'abc'), { passed: [P + Q, '', 'abc'], detached: false });
});

test('whatever is typed over two letters, nothing is lost, added or moved, and the keys are found where they first are', () => {
  for (const sequence of ['ab', 'aab', 'aba', 'abab', 'aaa', 'abaab']) {
    const inputs = Array.from({ length: 1 << 8 }, (_, bits) =>
      bits.toString(2).padStart(8, '0').replaceAll('0', 'a').replaceAll('1', 'b'),
    );
    // Between two inputs a letter that is in no sequence ends what is held back, in the same process.
    for (const input of inputs.filter((one) => !one.includes(sequence)).slice(0, 40)) {
      const cut = input.length / 2;
      const { passed, detached } = typed(sequence, input.slice(0, cut), input.slice(cut), '.');
      assert.equal([passed.join(''), detached], [`${input}.`, false], `${sequence} in ${input}`);
    }
    for (const input of inputs.filter((one) => one.includes(sequence)).slice(0, 25)) {
      const { passed, detached } = typed(sequence, ...input);
      assert.equal(
        [passed.join(''), detached],
        [input.slice(0, input.indexOf(sequence)), true],
        `${sequence} in ${input}`,
      );
    }
  }
});

test.run();
