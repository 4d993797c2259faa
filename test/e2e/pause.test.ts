import { readFileSync } from 'node:fs';
import * as assert from 'uvu/assert';
import { BUSYBOX, ended, remains } from './container-lab.ts';
import { eventually, pod, podOk, test } from './harness/index.ts';

const plain = ['--network', 'none'];
const COUNTING = 'i=0; while :; do i=$((i+1)); echo $i; sleep 0.01; done';

const lines = async (name: string) => (await podOk(['logs', name])).split('\n').length;
const status = (name: string) =>
  podOk(['inspect', '--format', '{{.State.Status}} {{.State.Paused}} {{.State.Running}}', name]);
const pidOf = async (name: string) => Number(await podOk(['inspect', '--format', '{{.State.Pid}}', name]));
const stateOf = (pid: number) => /\) (\S)/.exec(readFileSync(`/proc/${pid}/stat`, 'latin1'))?.[1];

/** Its processes as the host numbers them, with their states; sorted. */
const processes = async (name: string) =>
  (await podOk(['top', name, 'hpid', 'state']))
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/).join(' '))
    .sort();

/** Whether none of its processes goes on, and no new one appears. */
async function standsStill(name: string): Promise<boolean> {
  const before = await processes(name);
  const after = await processes(name);
  return (
    before.every((one) => /[TZXD]$/.test(one)) &&
    after.every((one) => before.includes(one) || /[ZX]$/.test(one))
  );
}

test('a paused container stands still, says so, and goes on', async () => {
  await podOk(['run', '-d', ...plain, '--name', 'p', BUSYBOX, 'sh', '-c', COUNTING]);
  await eventually(async () => (await lines('p')) > 3);
  assert.equal(await pod(['pause', 'p']), ended(0, 'p\n'));
  await eventually(() => standsStill('p'));
  assert.equal(await status('p'), 'paused true true');
  assert.match(await podOk(['ps', '--format', '{{.Status}}']), /^Up .* \(Paused\)$/);
  assert.equal(
    await podOk(['ps', '--filter', 'status=paused', '--format', '{{.Names}} {{.State}}']),
    'p paused',
  );
  assert.equal(await podOk(['ps', '--filter', 'status=running', '-q']), '');
  assert.equal(await pod(['pause', 'p']), ended(125, '', 'Error: cannot pause p: it is paused already\n'));
  assert.equal(
    await pod(['exec', 'p', 'true']),
    ended(125, '', 'Error: cannot execute in p: it is paused\ntsc-pod unpause p\n'),
  );
  assert.is((await pod(['rm', 'p'])).code, 2);
  const before = await lines('p');
  assert.equal(await pod(['unpause', 'p']), ended(0, 'p\n'));
  await eventually(async () => (await lines('p')) > before);
  assert.equal(await pod(['unpause', 'p']), ended(125, '', 'Error: cannot unpause p: it is not paused\n'));
  await podOk(['rm', '-f', 'p']);
});

test('nothing escapes that starts processes all the time', async () => {
  const forks = 'f() { while :; do (true; true); done; }; f & f';
  await podOk(['run', '-d', ...plain, '--name', 'forks', BUSYBOX, 'sh', '-c', forks]);
  await podOk(['pause', 'forks']);
  await eventually(() => standsStill('forks'));
  const before = await processes('forks');
  await podOk(['unpause', 'forks']);
  await eventually(async () => (await processes('forks')).some((one) => !before.includes(one)));
  await podOk(['rm', '-f', 'forks']);
});

test('what was stopped before stays stopped', async () => {
  const script = 'sleep 1000 & kill -STOP $!; while :; do sleep 0.1; done';
  await podOk(['run', '-d', ...plain, '--name', 'job', BUSYBOX, 'sh', '-c', script]);
  const stoppedOne = async () =>
    Number((await processes('job')).find((one) => one.endsWith('T'))?.split(' ')[0] ?? 0);
  await eventually(async () => (await stoppedOne()) > 0);
  const [first, stopped] = [await pidOf('job'), await stoppedOne()];
  await podOk(['pause', 'job']);
  await eventually(() => stateOf(first) === 'T');
  assert.is(stateOf(stopped), 'T');
  await podOk(['unpause', 'job']);
  await eventually(() => stateOf(first) !== 'T');
  assert.is(stateOf(stopped), 'T');
  await podOk(['rm', '-f', 'job']);
});

test('a paused container can be stopped, killed and removed', async () => {
  const trap = 'trap "exit 3" TERM; echo up; while :; do sleep 0.01; done';
  await podOk(['run', '-d', ...plain, '--name', 'ends', BUSYBOX, 'sh', '-c', trap]);
  await eventually(async () => (await podOk(['logs', 'ends'])) === 'up');
  await podOk(['pause', 'ends']);
  await podOk(['stop', 'ends']);
  assert.equal(await podOk(['wait', 'ends']), '3');
  await podOk(['rm', 'ends']);
  for (const how of [['kill'], ['rm', '-f'], ['stop', '-t', '0']]) {
    await podOk(['run', '-d', '--rm', ...plain, '--name', 'ends', BUSYBOX, 'sleep', '1000']);
    await podOk(['pause', 'ends']);
    await podOk([...how, 'ends']);
    await eventually(() => remains().length === 0);
  }
});

test('pause --all, --filter and --latest choose', async () => {
  for (const name of ['a', 'b', 'c'])
    await podOk(['run', '-d', ...plain, '--name', name, '--label', `of=${name}`, BUSYBOX, 'sleep', '1000']);
  const paused = async () =>
    (await podOk(['ps', '--filter', 'status=paused', '--format', '{{.Names}}', '--sort', 'names'])).split(
      '\n',
    );
  await podOk(['pause', '--filter', 'label=of=b']);
  assert.equal(await paused(), ['b']);
  await podOk(['pause', '--latest']);
  assert.equal(await paused(), ['b', 'c']);
  await podOk(['pause', '--all']);
  assert.equal(await paused(), ['a', 'b', 'c']);
  await podOk(['unpause', '-a']);
  assert.equal(await paused(), ['']);
  assert.is((await pod(['pause'])).code, 125);
  assert.is((await pod(['pause', '--all', 'a'])).code, 125);
  await podOk(['rm', '-f', 'a', 'b', 'c']);
});

test('what does not run is not paused', async () => {
  await podOk(['run', ...plain, '--name', 'past', BUSYBOX, 'true']);
  assert.equal(await pod(['pause', 'past']), ended(125, '', 'Error: cannot pause past: it is exited\n'));
  await podOk(['rm', 'past']);
});

test.run();
