import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { identify } from '../../core/container/process-identity.ts';
import { encodePlan, type Operation } from '../../rootless/plan.ts';
import { eventually } from '../e2e/harness/eventually.ts';
import { buildLauncher, sanitizers, scratch } from './build.ts';

const launcher = buildLauncher();
Object.assign(process.env, sanitizers, { PATH: '/usr/bin:/bin' });

/** Process 1 of new namespaces, as the host numbers it. */
const container = spawn(
  'unshare',
  ['-Urpmf', '--map-auto', '--kill-child', 'sh', '-c', 'echo up; exec sleep infinity'],
  {
    stdio: ['ignore', 'pipe', 'inherit'],
  },
);
await once(container.stdout, 'data');
const first = Number(readFileSync(`/proc/${container.pid}/task/${container.pid}/children`, 'utf8'));
process.on('exit', () => container.kill('SIGKILL'));
test.after(() => {
  container.kill('SIGKILL');
});

const target = (): Operation => ['target', String(first), identify(first).start];

function plan(command: string[], timeout: number, whom: Operation = target()): string {
  return encodePlan('check', [
    ['check-timeout', String(timeout)],
    whom,
    ['join', 'user,mount,pid'],
    ['cwd', '/tmp'],
    ['user', '0', '0', '-'],
    ['capabilities', '0', '0', '0', '0', '0'],
    ['env', 'PATH=/usr/bin:/bin'],
    ['exec', ...command],
  ]);
}

function check(command: string[], timeout = 20_000, whom?: Operation) {
  const began = Date.now();
  const { status, stdout, stderr } = spawnSync(launcher, ['-c', plan(command, timeout, whom)]);
  return { code: status, stdout: stdout.toString(), stderr: stderr.toString(), took: Date.now() - began };
}

const sh = (script: string, timeout?: number) => check(['sh', '-c', script], timeout);
const said = (text: string) => ({ code: 0, stdout: text, stderr: '' });
/** With more time, where the machine was too slow for the command to have said this before it was ended. */
function late(script: string, word: RegExp, timeout: number): ReturnType<typeof check> {
  const ran = sh(script, timeout);
  return word.test(ran.stdout) || timeout > 20_000 ? ran : late(script, word, timeout * 8);
}
const told = ({ took: _, ...ran }: ReturnType<typeof check>) => ran;

/** Seconds that no other process sleeps: each test's own, and each run's. */
const seconds = (test: number) => `${test}.${process.pid}`;

/** Processes whose arguments have this word. */
function running(word: string): string[] {
  return readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'latin1').split('\0').includes(word);
    } catch {
      return false;
    }
  });
}

test('the code comes first, then both streams in their order', () => {
  assert.equal(told(sh('echo one; echo two >&2; echo three; exit 3')), said('3\none\ntwo\nthree\n'));
  assert.equal(told(sh('exit 0')), said('0\n'));
  assert.equal(told(sh('kill -9 $$')), said('137\n'));
  assert.equal(told(sh('pwd; cat')), said('0\n/tmp\n'));
});

test('of endless output the first 4096 bytes are kept, and the command is not held up', () => {
  assert.equal(told(sh('head -c 50000000 /dev/zero | tr "\\0" x')), said(`0\n${'x'.repeat(4096)}...`));
  assert.equal(told(sh('head -c 4096 /dev/zero | tr "\\0" y')), said(`0\n${'y'.repeat(4096)}`));
  const endless = late('yes', /: y\ny\n/, 300);
  assert.match(endless.stdout, /^-1\nHealth check exceeded timeout \([\w.]+\): y\ny\n/);
  assert.ok(endless.took < 60_000, String(endless.took));
});

test('what takes too long is ended with all that it has started', () => {
  const word = seconds(613);
  const ran = late(
    `trap "" TERM HUP; echo before; setsid sleep ${word} & (setsid sh -c "trap '' TERM; sleep ${word}; :" &) ; sleep ${word}`,
    /before/,
    400,
  );
  assert.match(ran.stdout, /^-1\nHealth check exceeded timeout \([\w.]+\): before\n$/);
  assert.equal(running(word), []);
});

test('what a check leaves behind ends with it', () => {
  const word = seconds(614);
  assert.equal(
    told(sh(`(setsid sleep ${word} >/dev/null 2>&1 &); (sleep ${word} &); echo done`)),
    said('0\ndone\n'),
  );
  assert.equal(running(word), []);
});

test('one that goes on forking is ended', () => {
  const word = seconds(615);
  const ran = sh(
    `fork() { sleep 0.01; (setsid sleep ${word} & fork) & }; i=0; while [ $i -lt 20 ]; do fork; i=$((i+1)); done; sleep ${word}`,
    300,
  );
  assert.match(ran.stdout, /^-1\n/);
  assert.equal(running(word), []);
});

test('a command that is not there could not be started', () => {
  assert.equal(
    told(check(['nothing-of-that-name'])),
    said('-1\nError: executable "nothing-of-that-name" not found in $PATH\n'),
  );
});

test('durations are told as Go writes them', () => {
  for (const [ms, text] of [
    [250, '250ms'],
    [1000, '1s'],
    [1500, '1.500s'],
  ] as const)
    assert.is(sh('sleep 60', ms).stdout, `-1\nHealth check exceeded timeout (${text})`);
});

test('its target may be named by a file; one that has ended is told', () => {
  const file = join(mkdtempSync(join(scratch(), 'check-')), 'state');
  const { start } = identify(first);
  writeFileSync(file, `${first} ${start} 1 2 3.5 boot\n`);
  assert.equal(told(check(['echo', 'hi'], 20_000, ['target-state', file])), said('0\nhi\n'));
  writeFileSync(file, `${first} 17 1 2 3.5 boot\n`);
  assert.is(
    check(['true'], 20_000, ['target-state', file]).stderr,
    'Error: the container is not running any more\n',
  );
  for (const text of ['', 'x y', '12']) {
    writeFileSync(file, text);
    assert.is(
      check(['true'], 20_000, ['target-state', file]).stderr,
      'Error: the container is not running any more\n',
    );
  }
});

test('called off it says nothing, and killed it leaves nothing', async () => {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    const word = seconds(signal === 'SIGTERM' ? 616 : 617);
    const child = spawn(launcher, ['-c', plan(['sleep', word], 60_000)], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let text = '';
    child.stdout.on('data', (piece) => {
      text += piece;
    });
    await eventually(() => running(word).filter((pid) => pid !== String(child.pid)).length > 0);
    child.kill(signal);
    await once(child, 'close');
    await eventually(() => running(word).length === 0);
    assert.is(text, '');
  }
});

test.run();
