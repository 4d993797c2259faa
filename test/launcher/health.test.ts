import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Health } from '../../core/container/health.ts';
import { encodePlan, type Operation } from '../../rootless/plan.ts';
import { buildDriver, scratch } from './build.ts';
import { run } from './drivers.ts';

const files = ['health.c', 'clock.c', 'json-text.c', 'plan.c', 'die.c', 'spawn.c'];
const driver = buildDriver('health', files);

interface Checks {
  /** A shell script that says what the launcher would; its directory is the container's. */
  says: string;
  for?: number;
  interval?: number;
  timeout?: number;
  startPeriod?: number;
  startInterval?: number;
  retries?: number;
  action?: Operation;
  ask?: boolean;
  paused?: boolean;
  /** Whether all has been seen that is awaited: else the machine was too slow, and gets more time. */
  enough?: (seen: Checked) => boolean;
}

interface Checked {
  lines: string[];
  health: Health;
  directory: string;
}

/** Milliseconds beyond which a machine isn't slow. */
const MOST_MS = 20_000;

function check(wish: Checks): Checked {
  for (let time = wish.for ?? 500; ; time *= 4) {
    const seen = checkFor(time, wish);
    if (wish.enough?.(seen) !== false || time > MOST_MS) return seen;
  }
}

function checkFor(time: number, wish: Checks): Checked {
  const directory = mkdtempSync(join(scratch(), 'health-'));
  const { says, interval = 40, timeout = 2000, startPeriod = 0, startInterval = 20, retries = 2 } = wish;
  writeFileSync(join(directory, 'health-plan'), `${says}\n`);
  if (wish.paused) writeFileSync(join(directory, 'paused'), '');
  const numbers = [interval, timeout, startPeriod, startInterval, retries];
  const plan = encodePlan('run', [
    ['container', 'x', directory],
    ['health', ...numbers.map(String)],
    ...(wish.action ? [wish.action] : []),
  ]);
  const args = [String(time), plan, ...(wish.ask ? ['ask'] : [])];
  const ran = run(driver, args, '', { cwd: directory });
  assert.equal([ran.code, ran.stderr], [0, '']);
  const health = JSON.parse(readFileSync(join(directory, 'health'), 'utf8'));
  return { lines: ran.stdout.split('\n').slice(0, -1), health, directory };
}

const looked =
  (times: number) =>
  ({ health }: Checked): boolean =>
    health.Log.length >= times;
const told =
  (count: number) =>
  ({ lines }: Checked): boolean =>
    lines.length >= count;

test('it starts as starting, and the first success makes it healthy', () => {
  assert.equal(check({ says: 'exit', interval: 60_000 }).health, {
    Status: 'starting',
    FailingStreak: 0,
    Log: [],
  });
  const { lines, health } = check({ says: 'printf "0\\nfine"', enough: looked(1) });
  assert.equal(
    [lines, health.Status, health.FailingStreak],
    [['event health_status: healthy'], 'healthy', 0],
  );
});

test('a result has its times, its code and its output, of which five are kept', () => {
  const { health } = check({ says: 'printf "0\\n%s" "$(date +%s%N)"', interval: 10, enough: looked(5) });
  assert.is(health.Log.length, 5);
  for (const { Start, End, ExitCode, Output } of health.Log) {
    assert.match(Start, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/);
    const said = BigInt(Output);
    const nanos = (time: string) =>
      BigInt(Date.parse(`${time.slice(0, 19)}Z`)) * 1000000n + BigInt(time.slice(20, 29));
    assert.ok(nanos(Start) <= said && said <= nanos(End), `${Start} ${Output} ${End}`);
    assert.is(ExitCode, 0);
  }
  const outputs = health.Log.map(({ Output }) => Output);
  assert.equal(outputs, [...outputs].sort());
});

test('only failures in a row count', () => {
  const says =
    'n=$(cat n 2>/dev/null || echo 0); echo $((n+1)) >n; case $n in 0|2) echo 1;; 1) echo 0;; *) echo 1;; esac';
  const { lines, health } = check({ says, retries: 3, for: 900, enough: told(2) });
  assert.equal(lines, ['event health_status: healthy', 'event health_status: unhealthy']);
  assert.ok(health.FailingStreak >= 3);
});

test('failures of the start period do not count, and its checks have an interval of their own', () => {
  const { lines, health } = check({
    says: 'echo 1',
    startPeriod: 60_000,
    startInterval: 20,
    interval: 60_000,
    retries: 1,
    enough: looked(2),
  });
  assert.equal([lines, health.Status, health.FailingStreak], [[], 'starting', 0]);
  assert.ok(health.Log.length >= 2);
});

test('once it has been healthy, the start period is over', () => {
  const says = 'if test -e done; then echo 1; else touch done; echo 0; fi';
  const { lines } = check({
    ...{ says, startPeriod: 60_000, startInterval: 20, interval: 20, retries: 2 },
    enough: told(2),
  });
  assert.equal(lines, ['event health_status: healthy', 'event health_status: unhealthy']);
});

test('what says nothing, or no code, has failed', () => {
  const first = (says: string) => {
    const { ExitCode, Output } = check({ says, for: 200, enough: looked(1) }).health.Log[0]!;
    return [ExitCode, Output];
  };
  assert.equal(first('exit 0'), [-1, 'the health check could not be started, or was killed']);
  assert.equal(first('echo Error: no; exit 125'), [-1, 'Error: no\n']);
});

test('output that is no text, or would break the JSON, is told', () => {
  const { health } = check({
    says: String.raw`printf '0\n"\\\001\377\n\303\244'`,
    for: 200,
    enough: looked(1),
  });
  assert.is(health.Log[0]?.Output, '"\\\u0001\ufffd\n\u00e4');
});

test('a check that hangs is killed, whatever it is', () => {
  const { health, directory } = check({
    says: 'trap "" TERM; echo $$ >pid; exec sleep 60',
    interval: 20,
    timeout: 100_000,
    for: 300,
    enough: ({ directory }) => existsSync(join(directory, 'pid')),
  });
  assert.equal(health.Log, []);
  assert.not(existsSync(`/proc/${readFileSync(join(directory, 'pid'), 'utf8').trim()}`));
});

test('an unhealthy container is killed, or signalled and then killed', () => {
  const says = 'echo 1';
  const of = (count: number, ...action: string[]) =>
    check({
      says,
      retries: 1,
      interval: 30,
      for: 400,
      action: ['health-action', ...action],
      enough: told(count),
    });
  const first = 'event health_status: unhealthy';
  assert.equal(of(2, 'kill', '15', '10000').lines, [first, 'signal 9']);
  assert.equal(of(4, 'stop', '15', '100').lines, [first, 'stay', 'signal 15', 'signal 9']);
  assert.equal(of(3, 'stop', '10', '-1').lines, [first, 'stay', 'signal 10']);
  assert.equal(of(3, 'restart', '15', '60000').lines, [first, 'restart', 'signal 15']);
});

test('a paused container is left alone', () => {
  const { lines, health } = check({ says: 'touch ran; echo 1', paused: true, retries: 1 });
  assert.equal([lines, health.Log], [[], []]);
});

test('a check that was asked for is made at once, and its result is told', () => {
  const asked = (says: string) =>
    check({
      says,
      interval: -1,
      ask: true,
      enough: ({ lines }) => /^answer/.test(lines.at(-1) ?? ''),
    }).lines.at(-1);
  assert.is(asked('echo 0'), 'answer H 0');
  assert.is(asked('echo 5'), 'answer H 1');
});

test.run();
