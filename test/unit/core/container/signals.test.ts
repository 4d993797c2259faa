import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { signalNumber, stopSignalOf } from '../../../../core/container/signals.ts';
import { refusal } from './fixtures.ts';

test('a signal is a name with or without SIG, in any case, or a number', () => {
  for (const text of ['TERM', 'SIGTERM', 'term', 'SigTerm', '15', '015'])
    assert.is(signalNumber(text), 15, text);
  assert.equal(['KILL', 'HUP', 'USR1', 'WINCH', '1', '64'].map(signalNumber), [9, 1, 10, 28, 1, 64]);
});

test('real-time signals are counted from both ends', () => {
  assert.equal(
    ['RTMIN', 'SIGRTMIN+3', 'rtmin+30', 'RTMAX', 'RTMAX-1', 'RTMAX-30'].map(signalNumber),
    [34, 37, 64, 64, 63, 34],
  );
});

test('what is no signal is refused', () => {
  for (const text of [
    '',
    'SIG',
    '0',
    '65',
    '-1',
    '1.5',
    '9 ',
    'NOPE',
    'SIGSIGTERM',
    'RTMIN-1',
    'RTMIN+31',
    'RTMAX+1',
    'RTMAX-31',
    'constructor',
    '__proto__',
    '1e1',
  ])
    assert.is(
      refusal(() => signalNumber(text)),
      `usage: unknown signal ${JSON.stringify(text)}`,
    );
});

test('a stop signal has its name, and every number comes back from it', () => {
  assert.equal([undefined, '', '9', 'int', '37'].map(stopSignalOf), [
    'SIGTERM',
    'SIGTERM',
    'SIGKILL',
    'SIGINT',
    'SIGRTMIN+3',
  ]);
  for (let number = 1; number <= 64; number++) assert.is(signalNumber(stopSignalOf(String(number))), number);
});

test.run();
