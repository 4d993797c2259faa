import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { podStatus } from '../../../../core/pod/status.ts';

test('the states of the containers make the status of the pod, as podman has it', () => {
  assert.is(podStatus([]), 'Created');
  assert.is(podStatus(['created', 'created']), 'Created');
  assert.is(podStatus(['running', 'running']), 'Running');
  assert.is(podStatus(['running', 'restarting']), 'Running');
  assert.is(podStatus(['running', 'exited']), 'Degraded');
  assert.is(podStatus(['running', 'paused']), 'Degraded');
  assert.is(podStatus(['paused', 'paused']), 'Paused');
  assert.is(podStatus(['exited', 'exited']), 'Exited');
  assert.is(podStatus(['exited', 'created']), 'Stopped');
});

test.run();
