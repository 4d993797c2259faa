import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { ContainerRecord } from '../../../../core/container/record.ts';
import {
  mayRestart,
  runMode,
  type StartMode,
  streamOperations,
} from '../../../../core/container/start-mode.ts';
import { emptyPaths, recordOf } from './fixtures.ts';

const id = 'a'.repeat(64);
const asked = { attach: [] as string[], detach: false, sigProxy: true };
const mode = (more: object = {}, interactive = false) => runMode({ ...asked, ...more }, { id, interactive });
const plan = (start: StartMode, more: Partial<ContainerRecord> = {}) => {
  const log = { driver: 'none', maxSize: 0, maxFiles: 1 } as const;
  const record = recordOf(id, { log, detachKeys: '', ...more });
  return streamOperations(emptyPaths(), record, start).map((words) => words.join(' '));
};

test('what a run is attached to', () => {
  assert.equal(mode().streams, ['out', 'err']);
  assert.equal(mode({}, true).streams, ['in', 'out', 'err']);
  assert.equal(mode({ attach: ['STDOUT', 'stdin'] }).streams, ['out']);
  assert.equal(mode({ attach: ['stdin'] }, true), { streams: ['in'], sigProxy: true, line: id });
  assert.equal(mode({ detach: true }), { streams: [], sigProxy: false, line: id });
  assert.throws(() => mode({ attach: ['both'] }), /cannot use --attach both/);
  assert.throws(() => mode({ attach: ['stdout'], detach: true }), /exclude each other/);
});

test('who is in front is the monitor itself, unless that must go on without it', () => {
  const always = { restart: { name: 'always', maximum: 0 } } as const;
  assert.equal(plan(mode({}, true), { interactive: true }), ['stdin inherit', 'output inherit']);
  assert.equal(plan(mode({}, true), { interactive: true, tty: true })[0], 'attach in,out,err');
  assert.equal(plan(mode(), always), ['attach out,err', 'restart always 0', 'stdin null', 'output log']);
  assert.equal(plan(mode({ sigProxy: false })), [
    'attach out,err',
    'no-sig-proxy',
    'stdin null',
    'output log',
  ]);
  assert.equal(plan(mode({ attach: ['stderr'] })), ['attach err', 'stdin null', 'output log']);
  assert.equal(plan(mode({ attach: ['stdin'] }, true), { interactive: true }), [
    `detach ${id}`,
    'attach in',
    'stdin pipe',
    'output log',
  ]);
});

test('what may be started anew: by its policy, or when its health is bad', () => {
  assert.not(mayRestart({}));
  assert.not(mayRestart({ restart: { name: 'no', maximum: 0 } }));
  assert.ok(mayRestart({ restart: { name: 'on-failure', maximum: 3 } }));
  assert.ok(mayRestart({ health: { onFailure: 'restart' } as NonNullable<ContainerRecord['health']> }));
});

test.run();
