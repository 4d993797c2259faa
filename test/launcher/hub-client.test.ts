/** A monitor and its hub (rootless/native/hub-client.c, hub-return.c): hubs that break off, say nothing, or too much. */
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { buildDriver, scratch } from './build.ts';
import { run } from './drivers.ts';

const driver = buildDriver('hub-client', [
  'hub-client.c',
  'hub-return.c',
  'identity.c',
  'message.c',
  'spawn.c',
  'stream.c',
  'clock.c',
  'plan.c',
  'die.c',
]);

const monitor = (ms: number, ...scripts: string[]) =>
  run(driver, [mkdtempSync(join(scratch(), 'h-')), String(ms), ...scripts], '', { timeout: 45_000 });
const fails = (text: string, code = 125) => ({ code, stdout: '', stderr: `Error: ${text}\n` });
const GOOD = 'GRRRSSW';

test('it comes in by a hub that answers, and lets go of all that it has had', () => {
  assert.equal(monitor(100, GOOD), { code: 0, stdout: 'in\n', stderr: '' });
});

test('the reason of a refusal is passed on, with its hint and its code', () => {
  assert.equal(monitor(0, 'GRRRSEW'), fails('there is no room\ntry another one', 17));
  assert.equal(monitor(0, 'GRRRZW'), fails("bug in tsc-pod's plan: an error without a reason"));
});

test('a hub that breaks off has ended; one that says nothing is not waited for without end', () => {
  for (const script of ['GRRR', 'GRRRS', 'GRR'])
    assert.match(
      monitor(0, script).stderr,
      /^Error: cannot (set up the network: the hub has ended|talk to the hub)/,
    );
  for (const script of ['N', 'GN', 'GRRRSN'])
    assert.equal(monitor(0, script), fails('cannot set up the network: the hub gave no answer'));
});

test('who greets nobody is taken for no hub, and another is started, which is told by whom', () => {
  for (const script of ['', 'g', 'S'])
    assert.equal(monitor(0, script, script), fails('cannot start the hub of the bridge networks: started'));
});

test('a hub that says more than it was asked leaves nothing open', () => {
  assert.equal(monitor(1000, 'GRRRFW'), { code: 0, stdout: 'in\n', stderr: '' });
});

test('a monitor that loses its hub comes back by itself, as often as it takes, and is not held up', () => {
  assert.equal(monitor(30_000, 'GRRRSS', GOOD), { code: 0, stdout: 'in\nlost\nback\n', stderr: '' });
  const { stdout, code } = monitor(30_000, 'GRRRSS', 'GRRRE', 'g', 'N', GOOD);
  assert.equal([code, stdout], [0, 'in\nlost\nback\n']);
});

test.run();
