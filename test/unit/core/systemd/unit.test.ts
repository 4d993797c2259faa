import { mkdtempSync, readFileSync, readlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { shouldStartOnBoot } from '../../../../core/systemd/boot-start.ts';
import { quoteLine } from '../../../../core/systemd/quote.ts';
import { restartUnitText, writeRestartUnit } from '../../../../core/systemd/restart-unit.ts';
import { parseNotifyMode } from '../../../../core/systemd/sdnotify.ts';
import { tellOnce } from '../../../../core/systemd/tell-once.ts';

const scratch = () => mkdtempSync(join(process.env.TSC_POD_TEST_DIR ?? tmpdir(), 'systemd-'));

test('words of a unit are what they are, whatever is in them', () => {
  assert.is(
    quoteLine(['/a/b', '--x=y', 'a b', '', '50%', '$HOME', 'say "hi"\\', 'two\nlines']),
    String.raw`/a/b --x=y "a b" "" 50%% $$HOME "say \"hi\"\\" "two\nlines"`,
  );
});

test('the unit is written and enabled once, and anew when the program has moved', () => {
  const home = scratch();
  const data = join(home, '.local/share/tsc-pod');
  const environment = { HOME: home };
  assert.is(writeRestartUnit({ data }, environment, '/usr/bin/tsc-pod'), true);
  assert.is(writeRestartUnit({ data }, environment, '/usr/bin/tsc-pod'), false);
  assert.is(writeRestartUnit({ data }, environment, '/opt/new place/tsc-pod'), true);
  const units = join(home, '.config/systemd/user');
  assert.is(
    readFileSync(join(units, 'tsc-pod-restart.service'), 'utf8'),
    restartUnitText('/opt/new place/tsc-pod', data),
  );
  assert.is(
    readlinkSync(join(units, 'default.target.wants/tsc-pod-restart.service')),
    '../tsc-pod-restart.service',
  );
  assert.match(
    restartUnitText('/opt/new place/tsc-pod', data),
    `ExecStart="/opt/new place/tsc-pod" --root ${data} start --all`,
  );
});

test('what comes back after a reboot', () => {
  const state = { status: 'exited', stopped: false, startedAt: 1 } as const;
  const starts = (name: 'no' | 'on-failure' | 'always' | 'unless-stopped', other = {}) =>
    shouldStartOnBoot({ restart: { name, maximum: 0 } }, { ...state, ...other });
  assert.equal(
    [starts('always'), starts('unless-stopped'), starts('on-failure'), starts('no')],
    [true, true, false, false],
  );
  assert.equal(
    [starts('always', { stopped: true }), starts('unless-stopped', { stopped: true })],
    [true, false],
  );
  assert.equal([starts('always', { status: 'running' }), starts('always', { startedAt: 0 })], [false, false]);
  assert.is(shouldStartOnBoot({}, state), false);
});

test('what is said once is said once', () => {
  const data = scratch();
  const said: string[] = [];
  for (const text of ['a', 'b']) tellOnce({ data }, 'x', text, (line) => said.push(line));
  tellOnce({ data }, 'y', 'c', (line) => said.push(line));
  assert.equal(said, ['a', 'c']);
});

test('--sdnotify takes three words', () => {
  assert.is(parseNotifyMode(undefined), 'container');
  assert.throws(() => parseNotifyMode('healthy'), /cannot use --sdnotify healthy/);
});

test.run();
