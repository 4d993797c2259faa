import { readFileSync } from 'node:fs';
import * as assert from 'uvu/assert';
import { BUSYBOX, ended, remains } from './container-lab.ts';
import { eventually, pod, podOk, type Ran, sandbox, startPod, test } from './harness/index.ts';
import { processesOf } from './harness/sweep.ts';

const plain = ['--network', 'none'];
const create = (name: string, flags: string[], ...command: string[]) =>
  podOk(['create', ...plain, '--name', name, ...flags, BUSYBOX, ...command]);
const show = (name: string, template: string) => podOk(['inspect', '--format', template, name]);

test('create prints the id, start the name as it was typed', async () => {
  const id = await create('made', [], 'sh', '-c', 'echo ran; exit 3');
  assert.match(id, /^[0-9a-f]{64}$/);
  assert.is(
    await show('made', '{{.State.Status}} {{.State.Running}} {{.State.StartedAt}}'),
    'created false 0001-01-01T00:00:00Z',
  );
  assert.equal(await pod(['start', id.slice(0, 8)]), ended(0, `${id.slice(0, 8)}\n`));
  assert.equal(await pod(['wait', 'made']), ended(0, '3\n'));
  assert.equal(await pod(['start', '-a', 'made']), ended(3, 'ran\n'));
  assert.is(await podOk(['logs', 'made']), 'ran\nran');
  await podOk(['rm', 'made']);
  assert.equal(remains(), []);
});

test('what a container wrote in its files is there at the next start', async () => {
  await create('kept', [], 'sh', '-c', 'echo line >> /f; wc -l < /f');
  assert.equal(await pod(['start', '-a', 'kept']), ended(0, '1\n'));
  assert.equal(await pod(['start', '-a', 'kept']), ended(0, '2\n'));
  await podOk(['rm', 'kept']);
});

test('several at once: each has its own result, and one that runs is fine', async () => {
  await create('a', [], 'sleep', '1000');
  await create('b', [], 'sleep', '1000');
  await podOk(['start', 'a']);
  const pid = await show('a', '{{.State.Pid}}');
  assert.equal(
    await pod(['start', 'a', 'nope', 'b']),
    ended(125, 'a\nb\n', 'Error: no such container: nope\ntsc-pod ps -a   # lists all containers\n'),
  );
  assert.is(await show('a', '{{.State.Pid}}'), pid);
  assert.equal(await pod(['start', 'a']), ended(0, 'a\n'));
  await podOk(['stop', '-t', '0', '-a']);
  assert.match(await podOk(['start', '--filter', 'name=^a$']), /^[0-9a-f]{64}$/);
  assert.is(await show('b', '{{.State.Status}}'), 'exited');
  await podOk(['start', '--latest']);
  assert.is(await show('b', '{{.State.Status}}'), 'running');
  assert.is((await podOk(['start', '--all'])).split('\n').length, 2);
  assert.is((await pod(['start', '-a', 'a', 'b'])).code, 125);
  await podOk(['rm', '-f', 'a', 'b']);
  assert.equal(remains(), []);
});

test('start -a -i gives input, start -a does not', async () => {
  await create('cat', ['-i'], 'cat');
  assert.equal(await pod(['start', '-a', '-i', 'cat'], { input: 'typed\n' }), ended(0, 'typed\n'));
  assert.equal(await pod(['start', '-i', 'cat'], { input: 'again\n' }), ended(0, 'again\n'));
  const child = startPod(['start', '-a', 'cat'], { stdio: ['pipe', 'pipe', 'pipe'] });
  const over = new Promise((resolve) => child.on('close', resolve));
  child.stdin!.end('never seen');
  await eventually(async () => (await show('cat', '{{.State.Status}}')) === 'running');
  assert.equal(await pod(['attach', 'cat'], { input: 'by attach\n' }), ended(0, 'by attach\n'));
  assert.is(await over, 0);
  await podOk(['rm', 'cat']);
});

test('signals to start -a go on to the container, but not with --sig-proxy=false', async () => {
  await create('sig', [], 'sh', '-c', 'trap "exit 42" TERM; echo up; while :; do sleep 0.01; done');
  for (const [flags, code, after] of [
    [[], 42, 'exited'],
    [['--sig-proxy=false'], 'SIGTERM', 'running'],
  ] as const) {
    const child = startPod(['start', '-a', ...flags, 'sig']);
    await new Promise((resolve) => child.stdout!.once('data', resolve));
    child.kill('SIGTERM');
    assert.is(
      await new Promise((resolve) => child.on('close', (code, signal) => resolve(code ?? signal))),
      code,
    );
    assert.is(await show('sig', '{{.State.Status}}'), after);
  }
  await podOk(['rm', '-f', 'sig']);
});

test('a start that fails says why, and does not forget how it had ended before', async () => {
  await create('broken', ['-v', '/tmp:/tmp'], 'sh', '-c', 'rm -f /bin/sh; exit 5');
  assert.is((await pod(['start', '-a', 'broken'])).code, 5);
  const again = await pod(['start', 'broken']);
  assert.equal(again, ended(127, '', 'Error: executable "sh" not found in $PATH\n'));
  assert.is(
    await show('broken', '{{.State.Status}} {{.State.ExitCode}} {{.State.Error}}'),
    'exited 127 executable "sh" not found in $PATH',
  );
  await podOk(['rm', 'broken']);
  assert.equal(remains(), []);
});

test('of many starts of one container at once all print its name, and it is started once', async () => {
  await create('race', [], 'sh', '-c', 'echo start; exec sleep 1000');
  const all = await Promise.all(Array.from({ length: 6 }, () => pod(['start', 'race'])));
  assert.equal(all, Array(6).fill(ended(0, 'race\n')));
  await eventually(async () => (await podOk(['logs', 'race'])) !== '');
  assert.is(await podOk(['logs', 'race']), 'start');
  await podOk(['rm', '-f', 'race']);
  assert.equal(remains(), []);
});

test('of a start and a removal at once one wins, and nothing is left over', async () => {
  for (let round = 0; round < 6; round++) {
    await create('both', [], 'sleep', '1000');
    const [started, removed]: Ran[] = await Promise.all([
      pod(['start', 'both']),
      pod(round % 2 ? ['rm', 'both'] : ['rm', '-f', 'both']),
    ]);
    const left = (await podOk(['ps', '-a', '--format', '{{.Names}} {{.State}}'])) || 'nothing';
    const story = JSON.stringify({ started, removed, left });
    if (removed!.code === 0) assert.is(left, 'nothing', story);
    else assert.is(left, 'both running', story);
    if (left !== 'nothing') await podOk(['rm', '-f', 'both']);
    await eventually(() => remains().length === 0);
  }
});

test('a start waits for who copies from the stopped container, but not for ever', async () => {
  await podOk(['run', ...plain, '--name', 'big', BUSYBOX, 'sh', '-c', 'head -c 8m /dev/zero >/f']);
  for (const patient of [true, false]) {
    // Its output isn't read: it holds the container's files.
    const copy = startPod(['cp', 'big:/f', '-'], { stdio: ['ignore', 'pipe', 'ignore'] });
    const over = new Promise((resolve) => copy.on('close', resolve));
    await eventually(() => copy.stdout!.readableLength > 0 || !copy.stdout!.readable || copy.stdout!.read(1));
    const started = pod(['start', 'big']);
    if (patient) setTimeout(() => copy.stdout!.resume(), 300);
    assert.equal(
      await started,
      patient
        ? ended(0, 'big\n')
        : ended(
            125,
            '',
            'Error: its files are being copied: cp, commit, diff or export is at work\nstart it when that has ended\n',
          ),
    );
    copy.stdout!.resume();
    assert.is(await over, 0);
    await podOk(['wait', 'big']);
  }
  await podOk(['rm', 'big']);
  assert.equal(remains(), []);
});

test('a container made with --rm goes after its first run', async () => {
  await create('brief', ['--rm'], 'sh', '-c', 'exit 6');
  assert.is(await show('brief', '{{.State.Status}}'), 'created');
  assert.is((await pod(['start', '-a', 'brief'])).code, 6);
  assert.equal(remains(), []);
});

test('restart: one made with --rm stays, and goes when it is stopped', async () => {
  await podOk(['run', '-d', '--rm', '--name', 'brief', ...plain, BUSYBOX, 'sleep', '1000']);
  const id = await show('brief', '{{.Id}}');
  for (let time = 0; time < 2; time++) {
    assert.equal(await pod(['restart', '-t', '0', 'brief']), ended(0, 'brief\n'));
    assert.is(await show('brief', '{{.Id}} {{.State.Status}}'), `${id} running`);
  }
  await podOk(['stop', '-t', '0', 'brief']);
  assert.equal(remains(), []);
});

test('restart: a running one ends first, a stopped one starts, several are done side by side', async () => {
  const script = 'trap "echo bye; exit 0" TERM; echo up; while :; do sleep 0.01; done';
  for (const name of ['x', 'y']) await create(name, [], 'sh', '-c', script);
  assert.equal(await pod(['restart', 'x', 'y']), ended(0, 'x\ny\n'));
  await eventually(async () => (await podOk(['logs', 'x'])) === 'up');
  await podOk(['restart', 'x']);
  await eventually(async () => (await podOk(['logs', 'x'])) === 'up\nbye\nup');
  assert.is(await show('x', '{{.RestartCount}}'), '0');
  await podOk(['stop', 'y']);
  assert.match(await podOk(['restart', '--running', '-t', '0']), /^[0-9a-f]{64}$/);
  assert.is(await show('y', '{{.State.Status}}'), 'exited');
  await podOk(['rm', '-f', 'x', 'y']);
  assert.equal(remains(), []);
});

/** Launchers that wait for the end of a container. */
function waiters(): number {
  const waits = ({ pid, command }: { pid: number; command: string }) =>
    command.includes('plan 1 wait') && / S /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  return processesOf(sandbox.dir).filter(waits).length;
}

test('wait: several, conditions, the code of one that is removed at its end', async () => {
  const waiting = async (...args: string[]) => pod(['wait', ...args]);
  await create('w1', ['-i'], 'sh', '-c', 'read x; exit $x');
  await podOk(['run', '-d', '-i', '--rm', ...plain, '--name', 'w2', BUSYBOX, 'sh', '-c', 'read x; exit $x']);
  const running = waiting('--condition', 'running', '--interval', '10ms', 'w1');
  await podOk(['start', 'w1']);
  assert.equal(await running, ended(0, '-1\n'));
  const codes = waiting('w1', 'w2');
  await eventually(() => waiters() === 2);
  await pod(['attach', 'w2'], { input: '9\n' });
  await pod(['attach', 'w1'], { input: '8\n' });
  assert.equal(await codes, ended(0, '8\n9\n'));
  assert.equal(await waiting('--ignore', 'nope', 'w1'), ended(0, '-1\n8\n'));
  assert.is((await waiting('--condition', 'never', 'w1')).code, 125);
  await podOk(['rm', 'w1']);
  assert.equal(remains(), []);
});

test('wait --condition healthy and unhealthy', async () => {
  const health = ['--health-cmd', 'test -e /well', '--health-interval', '50ms', '--health-retries', '1'];
  await podOk(['run', '-d', ...plain, '--name', 'h', ...health, BUSYBOX, 'sleep', '1000']);
  const waiting = (condition: string) => pod(['wait', '--condition', condition, '--interval', '10ms', 'h']);
  assert.equal(await waiting('unhealthy'), ended(0, '-1\n'));
  await podOk(['exec', 'h', 'touch', '/well']);
  assert.equal(await waiting('healthy'), ended(0, '-1\n'));
  await podOk(['rm', '-f', 'h']);
});

test('stop and rm ignore what is not there when they are told to', async () => {
  assert.equal(await pod(['stop', '--ignore', 'nope']), ended(0));
  assert.equal(await pod(['rm', '--ignore', 'nope']), ended(0));
  assert.is((await pod(['stop', 'nope'])).code, 125);
  await create('never', [], 'true');
  assert.equal(await pod(['stop', 'never']), ended(0, 'never\n'));
  assert.is(await show('never', '{{.State.Status}}'), 'created');
  await podOk(['rm', 'never']);
});

test('stop -s sends another signal', async () => {
  await create('sig', [], 'sh', '-c', 'trap "exit 7" USR1; echo up; while :; do sleep 0.01; done');
  await podOk(['start', 'sig']);
  await eventually(async () => (await podOk(['logs', 'sig'])) === 'up');
  await podOk(['stop', '-s', 'USR1', 'sig']);
  assert.is(await show('sig', '{{.State.ExitCode}}'), '7');
  await podOk(['rm', 'sig']);
});

test('run -a shows what it names; with stdin alone it prints the id and ends with the input', async () => {
  const script = 'echo out; echo err >&2; exit 4';
  const run = (...args: string[]) => pod(['run', '--rm', ...plain, ...args]);
  assert.equal(await run('-a', 'stdout', BUSYBOX, 'sh', '-c', script), ended(4, 'out\n'));
  assert.equal(await run('-a', 'STDERR', BUSYBOX, 'sh', '-c', script), ended(4, '', 'err\n'));
  assert.is((await run('-d', '-a', 'stdout', BUSYBOX, 'true')).code, 125);
  assert.is((await run('-a', 'both', BUSYBOX, 'true')).code, 125);
  const fed = await pod(['run', ...plain, '-i', '-a', 'stdin', '--name', 'fed', BUSYBOX, 'wc', '-c'], {
    input: 'x'.repeat(100_000),
  });
  assert.match(fed.stdout, /^[0-9a-f]{64}\n$/);
  await podOk(['wait', 'fed']);
  assert.is(await podOk(['logs', 'fed']), '100000');
  await podOk(['rm', 'fed']);
  assert.equal(remains(), []);
});

test.run();
