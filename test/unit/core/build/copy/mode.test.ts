import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseMode } from '../../../../../core/build/copy/mode.ts';

/** What chmod(1) of GNU coreutils makes of a mode, with umask 0. */
const CASES: [string, number, boolean, number][] = [
  ['755', 0o640, false, 0o755],
  ['0755', 0o640, false, 0o755],
  ['4755', 0o640, false, 0o4755],
  ['+x', 0o644, false, 0o755],
  ['u+x', 0o644, false, 0o744],
  ['a-w', 0o666, false, 0o444],
  ['go=', 0o777, false, 0o700],
  ['u=rwx,g=rx,o=', 0o000, false, 0o750],
  ['g=u', 0o640, false, 0o660],
  ['o=g', 0o750, false, 0o755],
  ['a+X', 0o644, false, 0o644],
  ['a+X', 0o744, false, 0o755],
  ['a+X', 0o644, true, 0o755],
  ['u=rwX,go=rX', 0o600, true, 0o755],
  ['u+s', 0o755, false, 0o4755],
  ['g+s', 0o755, false, 0o2755],
  ['+t', 0o777, true, 0o1777],
  ['u=rw', 0o4755, false, 0o655],
  ['u=rwx', 0o4755, true, 0o4755],
  ['u+r-w', 0o200, false, 0o400],
  ['u-s', 0o4755, false, 0o755],
];

for (const [text, before, directory, after] of CASES)
  test(`${text} makes ${before.toString(8)} ${after.toString(8)}${directory ? ' for a directory' : ''}`, () => {
    assert.is(parseMode(text)(before, directory).toString(8), after.toString(8));
  });

test('what is no mode is refused', () => {
  for (const bad of ['', '8', '99999', 'u', 'x', 'u+q', 'u=rwx,', 'rwx', '-1', '0x1ff', 'u=go'])
    assert.throws(() => parseMode(bad), /cannot use --chmod=/, bad);
});

test.run();
