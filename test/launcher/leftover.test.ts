import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { buildDriver } from './build.ts';
import { run } from './drivers.ts';

test('who is in the mount namespace that is held is ended, and nobody who comes into another', () => {
  const ended = { code: 0, stdout: 'ended by 9, 32 alive\n', stderr: '' };
  assert.equal(run(buildDriver('leftover', ['leftover.c']), []), ended);
});

test.run();
