/** Who is answered by UDP, while some flood (rootless/native/forward-flows.c), under the sanitizers. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { buildDriver } from './build.ts';
import { run } from './drivers.ts';

test('floods are bounded, whoever is answered stays, and routes are those of who is there', () => {
  const stdout = `one address floods: 1024 of its flows, 100 of 100 clients
many addresses flood: 2972 of their flows, 100 of 100 clients
one that asks then: 1
all are answered: 4094 flows, 4096 routes
idle: 1 routes, the next in 119999 ms
stand-ins: 2 routes
at the end: 0 routes, -1
`;
  const driver = buildDriver('flows', ['forward-flows.c', 'forward-ends.c']);
  assert.equal(run(driver, []), { code: 0, stdout, stderr: '' });
});

test.run();
