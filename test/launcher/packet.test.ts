/** Packets that a container writes into the device of published UDP ports (rootless/native/forward-packet.c), under the sanitizers. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { seed } from '../fuzz/chance.ts';
import { buildDriver } from './build.ts';
import { run } from './drivers.ts';

test(`packets of both families are read as they were written, and no packet upsets it (seed ${seed})`, () => {
  const driver = buildDriver('packet', ['forward-packet.c', 'forward-ends.c']);
  assert.equal(run(driver, ['100000', String(seed)]), { code: 0, stdout: 'no failure\n', stderr: '' });
});

test.run();
