import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { identify, isSameProcess } from '../../../../core/container/process-identity.ts';
import { type ContainerState, containerState } from '../../../../core/container/state.ts';
import { containerDirectory, runtimeDirectory } from '../../../../core/container/store.ts';
import { emptyPaths } from './fixtures.ts';

const id = 'a'.repeat(64);
const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
const self = identify(process.pid);
const gone = { pid: self.pid, start: '1' };
const text = (process: typeof self, monitor: typeof self, started = '100.5', ofBoot = boot) =>
  `${process.pid} ${process.start} ${monitor.pid} ${monitor.start} ${started} ${ofBoot}\n`;
const ending = (more: object = {}) =>
  `${JSON.stringify({ exitCode: 7, signal: 0, oomKilled: false, startedAt: 100.5, finishedAt: 101, error: '', ...more })}\n`;

/** The state of a container with these files; `state` is the one in the runtime directory. */
function stateWith(files: { state?: string; started?: string; exit?: string }): ContainerState {
  const paths = emptyPaths();
  mkdirSync(containerDirectory(paths, id), { recursive: true });
  mkdirSync(runtimeDirectory(paths, id), { recursive: true });
  for (const [name, content] of Object.entries(files))
    writeFileSync(
      join(name === 'state' ? runtimeDirectory(paths, id) : containerDirectory(paths, id), name),
      content,
    );
  utimesSync(containerDirectory(paths, id), 50, 50);
  if (files.started !== undefined) utimesSync(join(containerDirectory(paths, id), 'started'), 50, 50);
  return containerState(paths, { id });
}

const short = ({ status, exitCode, startedAt, finishedAt }: ContainerState) => ({
  status,
  exitCode,
  startedAt,
  finishedAt,
});

test('one that was never started is created', () => {
  assert.equal(short(stateWith({})), { status: 'created', exitCode: 0, startedAt: 0, finishedAt: 0 });
});

test('one whose process is there runs', () => {
  const state = stateWith({ state: text(self, self), started: '100.5' });
  assert.equal(state, {
    status: 'running',
    pid: process.pid,
    process: self,
    monitor: self,
    exitCode: 0,
    oomKilled: false,
    startedAt: 100.5,
    finishedAt: 0,
    restarts: 0,
    stopped: false,
    error: '',
  });
});

test('one that runs again is not what it was before', () => {
  assert.is(stateWith({ state: text(self, self, '200'), started: '200', exit: ending() }).status, 'running');
});

test('one whose process is gone while its monitor still works has not ended yet', () => {
  assert.is(stateWith({ state: text(gone, self), started: '100.5' }).status, 'running');
  assert.is(
    stateWith({ state: text(gone, self), started: '100.5', exit: ending({ startedAt: 50 }) }).status,
    'running',
  );
});

test('one whose end is written down has ended, though its monitor cleans up', () => {
  assert.equal(short(stateWith({ state: text(gone, self), started: '100.5', exit: ending() })), {
    status: 'exited',
    exitCode: 7,
    startedAt: 100.5,
    finishedAt: 101,
  });
});

test('an end that was written down while its files were read, to be started anew, is none', async () => {
  const paths = emptyPaths();
  const directory = containerDirectory(paths, id);
  const runtime = runtimeDirectory(paths, id);
  for (const made of [directory, runtime]) mkdirSync(made, { recursive: true });
  writeFileSync(join(runtime, 'waiting'), text({ pid: 0, start: '0' }, self));
  writeFileSync(join(directory, 'next'), ending());
  // The reader has opened the state, and gets what it was, when both files are there that the monitor writes then.
  execFileSync('mkfifo', [join(runtime, 'state')]);
  const monitor = spawn('sh', [
    '-c',
    'exec 3> "$1/state" && mv "$1/waiting" "$1/state" && mv "$2/next" "$2/exit" && printf "%s\\n" "$3" >&3',
    ...['sh', runtime, directory, text(gone, self).trim()],
  ]);
  assert.equal(short(containerState(paths, { id })), {
    status: 'restarting',
    exitCode: 7,
    startedAt: 100.5,
    finishedAt: 101,
  });
  assert.equal(await once(monitor, 'exit'), [0, null]);
});

test('one whose monitor was killed is lost, and its code is not known', () => {
  const state = stateWith({ state: text(gone, gone), started: '100.5' });
  assert.equal(short(state), { status: 'exited', exitCode: 137, startedAt: 100.5, finishedAt: 0 });
  assert.match(state.error, /its exit code is not known/);
});

test('after a reboot nothing runs, whatever has the numbers now', () => {
  const other = text(self, self, '100.5', '00000000-0000-0000-0000-000000000000');
  assert.equal(short(stateWith({ state: other, started: '100.5' })), {
    status: 'exited',
    exitCode: 137,
    startedAt: 100.5,
    finishedAt: 0,
  });
  assert.equal(short(stateWith({ started: '100.5', exit: ending() })), {
    status: 'exited',
    exitCode: 7,
    startedAt: 100.5,
    finishedAt: 101,
  });
});

test('an end before the last start is none of that start', () => {
  assert.equal(short(stateWith({ started: '200', exit: ending() })), {
    status: 'exited',
    exitCode: 137,
    startedAt: 200,
    finishedAt: 0,
  });
});

test('a start that failed leaves it created, with the error', () => {
  const state = stateWith({ exit: ending({ exitCode: 127, startedAt: 0, error: 'no such command' }) });
  assert.equal([state.status, state.exitCode, state.error], ['created', 127, 'no such command']);
});

test('a state that was cut off is none', () => {
  const whole = text(self, self);
  for (let length = 0; length < whole.length - 1; length++) {
    const { status } = stateWith({ state: whole.slice(0, length) });
    assert.is(status, 'created', whole.slice(0, length));
  }
});

test('garbage in any file is no crash, and never a container that runs', () => {
  for (const garbage of [
    '',
    '\0\0\0',
    '{',
    'NaN NaN NaN NaN NaN',
    '-1 -1',
    '[]',
    'x'.repeat(100_000),
    `${'9'.repeat(30)} 1 1 1 1 ${boot}`,
  ])
    assert.not.equal(
      stateWith({ state: garbage, started: garbage, exit: garbage }).status,
      'running',
      garbage.slice(0, 20),
    );
});

test('a start whose time a power cut took is known from its file, and an end is believed', () => {
  assert.equal(short(stateWith({ started: '' })), {
    status: 'exited',
    exitCode: 137,
    startedAt: 50,
    finishedAt: 0,
  });
  assert.equal(short(stateWith({ started: '', exit: ending() })), {
    status: 'exited',
    exitCode: 7,
    startedAt: 100.5,
    finishedAt: 101,
  });
});

test('a process is itself, and no other one with its number', async () => {
  const child = spawn('sleep', ['60']);
  await once(child, 'spawn');
  const identity = identify(child.pid!);
  assert.ok(isSameProcess(identity));
  assert.not(isSameProcess({ ...identity, start: String(BigInt(identity.start) + 1n) }));
  child.kill('SIGKILL');
  await once(child, 'exit');
  assert.not(isSameProcess(identity));
  for (const none of [
    { pid: 0, start: '' },
    { pid: Number.NaN, start: 'x' },
    { pid: -1, start: '1' },
    { pid: 2 ** 40, start: '1' },
  ])
    assert.not(isSameProcess(none));
});

test('a zombie is no process that runs', async () => {
  // The child ends only when the shell has become a sleep, which never waits for it.
  const parent = spawn('sh', ['-c', 'exec 3<&0; { read line; } <&3 & echo $!; exec sleep 60'], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  try {
    const pid = Number((await once(parent.stdout, 'data'))[0]);
    const read = (pid: number, file: string) => readFileSync(`/proc/${pid}/${file}`, 'latin1');
    while (read(parent.pid!, 'comm') !== 'sleep\n') await new Promise(setImmediate);
    parent.stdin.end('\n');
    while (!read(pid, 'stat').includes(') Z ')) await new Promise(setImmediate);
    const identity = identify(pid);
    assert.match(identity.start, /^\d+$/);
    assert.not(isSameProcess(identity));
  } finally {
    parent.kill('SIGKILL');
    await once(parent, 'exit');
  }
});

test('a container whose files are gone is created, not an error', () => {
  const paths = emptyPaths();
  rmSync(paths.data, { recursive: true, force: true });
  assert.is(containerState(paths, { id }).status, 'created');
});

test.run();
