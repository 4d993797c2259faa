import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { buildDriver, scratch } from './build.ts';
import { run } from './drivers.ts';

const driver = buildDriver('attached', ['die.c']);
const scene = (name: string) => run(driver, [name], '', { cwd: mkdtempSync(join(scratch(), 'clients-')) });
const shown = (...lines: string[]) => ({
  code: 0,
  stdout: lines.map((line) => `${line}\n`).join(''),
  stderr: '',
});

test('a client that takes nothing is let go after its time, and only that one', () => {
  assert.equal(
    scene('slow'),
    shown(
      'keen: E1',
      'full 1, least 10000 ms',
      'waiting 1, least 1 ms',
      'waiting 0, least -1 ms',
      'keen: X7',
      'waiter: X7',
      'lazy: O32768 O32768 O32768 !',
    ),
  );
});

test('one that takes it in time gets everything', () => {
  assert.equal(scene('wakes'), shown('waiting 0, least -1 ms', 'lazy: O32768'));
});

test('whoever comes and goes, nobody is mixed up, and the last to come are told of the end', () => {
  assert.equal(scene('crowd'), shown('clients 0', 'told 40, not 0'));
});

test('the next image of the monitor knows its clients, and the input that waits', () => {
  assert.equal(
    scene('moves'),
    shown('frame I ', 'kept 3, Ca', 'input ended 1', 'frame I kept', 'both: E1', 'ender:'),
  );
});

test.run();
