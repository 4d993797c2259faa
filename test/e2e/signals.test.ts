import * as assert from 'uvu/assert';
import { BUSYBOX, ended, remains, run } from './container-lab.ts';
import { eventually, pod, podOk, type Ran, startPod, test } from './harness/index.ts';

const plain = ['--network', 'none'];

/** Starts it, waits until it says "up", signals the CLI, and gives how it ended. */
async function signalled(args: string[], ...signals: NodeJS.Signals[]): Promise<Ran> {
  const child = startPod(args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let [stdout, stderr] = ['', ''];
  child.stdout!.on('data', (text) => (stdout += text));
  child.stderr!.on('data', (text) => (stderr += text));
  await eventually(() => /up\r?\n/.test(stdout));
  for (const signal of signals) child.kill(signal);
  return new Promise((resolve) =>
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr })),
  );
}

/** Says "up", then the name of each signal it gets; ends at TERM with 42. */
const traps = ['HUP', 'INT', 'USR1', 'USR2', 'WINCH'].map((name) => `trap "echo ${name}" ${name}`).join('; ');
const loop = `${traps}; trap "echo TERM; exit 42" TERM; echo up; while :; do sleep 0.01; done`;

test('signals to the CLI reach process 1, with and without a log', async () => {
  for (const driver of ['passthrough', 'k8s-file'])
    for (const signal of ['SIGHUP', 'SIGINT', 'SIGUSR1', 'SIGUSR2'] as const) {
      const child = startPod(['run', '--rm', ...plain, '--log-driver', driver, BUSYBOX, 'sh', '-c', loop]);
      let shown = '';
      child.stdout!.on('data', (text) => (shown += text));
      await eventually(() => shown === 'up\n');
      child.kill(signal);
      await eventually(() => shown === `up\n${signal.slice(3)}\n`);
      child.kill('SIGTERM');
      assert.is(await new Promise((resolve) => child.on('close', resolve)), 42);
    }
  assert.equal(remains(), []);
});

test('a signal that ends the command is the exit code', async () => {
  // A process 1 without a handler is not ended by SIGTERM, pid_namespaces(7); with --init the command is not process 1.
  const waits = ['sh', '-c', 'echo up; exec sleep 100'];
  assert.equal(
    await signalled(['run', '--rm', ...plain, '--init', BUSYBOX, ...waits], 'SIGTERM'),
    ended(143, 'up\n'),
  );
  assert.equal(
    await signalled(['run', '--rm', ...plain, '--init', BUSYBOX, ...waits], 'SIGINT'),
    ended(130, 'up\n'),
  );
  assert.equal(
    await signalled(['run', '--rm', ...plain, '--init', BUSYBOX, ...waits], 'SIGQUIT'),
    ended(131, 'up\n'),
  );
});

test("stop sends the stop signal and waits; the exit code is the command's", async () => {
  await podOk(['run', '-d', ...plain, '--name', 'polite', BUSYBOX, 'sh', '-c', loop]);
  await eventually(async () => (await podOk(['logs', 'polite'])) === 'up');
  assert.equal(await pod(['stop', 'polite']), ended(0, 'polite\n'));
  assert.equal(
    await podOk(['inspect', '--format', '{{.State.Status}} {{.State.ExitCode}}', 'polite']),
    'exited 42',
  );
  assert.equal(await podOk(['logs', 'polite']), 'up\nTERM');
  assert.equal(await pod(['stop', 'polite']), ended(0, 'polite\n'));
  await podOk(['rm', 'polite']);
});

test('--stop-signal is what stop sends', async () => {
  const script = 'trap "exit 7" USR1; trap "" TERM; echo up; while :; do sleep 0.01; done';
  await podOk(['run', '-d', ...plain, '--name', 'usr', '--stop-signal', 'USR1', BUSYBOX, 'sh', '-c', script]);
  await eventually(async () => (await podOk(['logs', 'usr'])) === 'up');
  await podOk(['stop', 'usr']);
  assert.equal(
    await podOk(['inspect', '--format', '{{.State.ExitCode}} {{.Config.StopSignal}}', 'usr']),
    '7 SIGUSR1',
  );
  await podOk(['rm', 'usr']);
});

test('who does not listen is killed after --stop-timeout, or -t', async () => {
  for (const [flags, args] of [
    [['--stop-timeout', '1'], []],
    [[], ['-t', '1']],
    [[], ['-t', '0']],
  ] as const) {
    await podOk(['run', '-d', ...plain, '--name', 'deaf', ...flags, BUSYBOX, 'sleep', '1000']);
    const begin = Date.now();
    await podOk(['stop', ...args, 'deaf']);
    assert.ok(Date.now() - begin < 9000, 'not the ten seconds of others');
    assert.equal(
      await podOk(['inspect', '--format', '{{.State.Status}} {{.State.ExitCode}}', 'deaf']),
      'exited 137',
    );
    await podOk(['rm', 'deaf']);
  }
});

test('kill sends any signal and does not wait', async () => {
  await podOk(['run', '-d', ...plain, '--name', 'victim', BUSYBOX, 'sh', '-c', loop]);
  await eventually(async () => (await podOk(['logs', 'victim'])) === 'up');
  assert.equal(await pod(['kill', '-s', 'USR1', 'victim']), ended(0, 'victim\n'));
  await eventually(async () => (await podOk(['logs', 'victim'])) === 'up\nUSR1');
  assert.equal(await pod(['kill', '--signal', '12', 'victim']), ended(0, 'victim\n'));
  await eventually(async () => (await podOk(['logs', 'victim'])) === 'up\nUSR1\nUSR2');
  assert.equal(await pod(['kill', 'victim']), ended(0, 'victim\n'));
  assert.equal(await pod(['wait', 'victim']), ended(0, '137\n'));
  assert.equal(
    await pod(['kill', 'victim']),
    ended(
      125,
      '',
      'Error: cannot kill victim: it is not running\ntsc-pod ps -a   # shows what containers are doing\n',
    ),
  );
  assert.is((await pod(['kill', '-s', 'NOPE', 'victim'])).code, 125);
  await podOk(['rm', 'victim']);
});

test('wait gives the exit code, of one that ends later and of one that has ended', async () => {
  await podOk([
    'run',
    '-d',
    '-i',
    ...plain,
    '--name',
    'later',
    BUSYBOX,
    'sh',
    '-c',
    'trap "exit 12" TERM; echo up; while :; do sleep 0.01; done',
  ]);
  await eventually(async () => (await podOk(['logs', 'later'])) === 'up');
  const waiting = pod(['wait', 'later']);
  await podOk(['stop', 'later']);
  assert.equal(await waiting, ended(0, '12\n'));
  assert.equal(await pod(['wait', 'later']), ended(0, '12\n'));
  await podOk(['rm', 'later']);
  assert.equal((await pod(['wait', 'later'])).code, 125);
});

test('signals to exec reach its command', async () => {
  await podOk(['run', '-d', ...plain, '--name', 'host', BUSYBOX, 'sleep', '1000']);
  assert.equal(await signalled(['exec', 'host', 'sh', '-c', loop], 'SIGTERM'), ended(42, 'up\nTERM\n'));
  assert.equal(
    await signalled(['exec', 'host', 'sh', '-c', 'echo up; exec sleep 100'], 'SIGINT'),
    ended(130, 'up\n'),
  );
  await podOk(['rm', '-f', 'host']);
});

test('when the CLI of an exec is killed, so is its command', async () => {
  await podOk(['run', '-d', ...plain, '--name', 'host', BUSYBOX, 'sleep', '1000']);
  for (const flags of [[], ['-t'], ['--user', '65534']]) {
    const ran = await signalled(['exec', ...flags, 'host', 'sh', '-c', 'echo up; exec sleep 555'], 'SIGKILL');
    assert.is(ran.signal, 'SIGKILL');
    await eventually(async () => !(await podOk(['exec', 'host', 'ps'])).includes('sleep 555'));
  }
  await podOk(['rm', '-f', 'host']);
});

test('no signal is blocked or ignored, whatever the caller does', async () => {
  // Fields of proc_pid_status(5).
  const ran = await run([BUSYBOX, 'grep', '-E', '^Sig(Blk|Ign|Cgt)', '/proc/self/status']);
  assert.equal(
    ran,
    ended(0, 'SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\nSigCgt:\t0000000000000000\n'),
  );
});

test.run();
