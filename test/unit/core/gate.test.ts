import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createGate } from '../../../core/gate.ts';

test('so many at a time, the others in their order, and a failure gives its place back', async () => {
  const take = createGate(2);
  const log: string[] = [];
  let running = 0;
  let most = 0;
  const work = (name: string, fails = false) =>
    take(async () => {
      log.push(name);
      most = Math.max(most, ++running);
      await new Promise((done) => setImmediate(done));
      running--;
      if (fails) throw new Error(name);
    });
  const results = await Promise.allSettled([work('a', true), work('b'), work('c'), work('d')]);
  assert.equal(log, ['a', 'b', 'c', 'd']);
  assert.is(most, 2);
  assert.equal(
    results.map(({ status }) => status),
    ['rejected', 'fulfilled', 'fulfilled', 'fulfilled'],
  );
});

test.run();
