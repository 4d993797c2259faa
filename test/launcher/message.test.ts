import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { buildDriver } from './build.ts';
import { run } from './drivers.ts';

test('messages come whole, in order, with their descriptor, cut at their limit, and the end is told', () => {
  const driver = buildDriver('message', ['message.c', 'die.c']);
  assert.equal(run(driver, []), { code: 0, stdout: 'end\n', stderr: '' });
});

test.run();
