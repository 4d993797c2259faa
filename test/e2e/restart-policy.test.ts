import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { BUSYBOX, ended, remains } from './container-lab.ts';
import { eventually, pod, podOk, sandbox, startPod, test } from './harness/index.ts';

const plain = ['--network', 'none'];
const run = (name: string, policy: string, ...command: string[]) =>
  podOk(['run', '-d', ...plain, '--name', name, '--restart', policy, BUSYBOX, ...command]);
const show = (name: string, template: string) => podOk(['inspect', '--format', template, name]);
const status = (name: string) => show(name, '{{.State.Status}} {{.RestartCount}}');

test('on-failure:2 starts it twice more, and wait waits for the last end', async () => {
  await run('f', 'on-failure:2', 'sh', '-c', 'echo hi; exit 4');
  assert.equal(await pod(['wait', 'f']), ended(0, '4\n'));
  assert.is(await status('f'), 'exited 2');
  assert.is(await podOk(['logs', 'f']), 'hi\nhi\nhi');
  assert.is(
    await show('f', '{{.HostConfig.RestartPolicy.Name}} {{.HostConfig.RestartPolicy.MaximumRetryCount}}'),
    'on-failure 2',
  );
  await podOk(['start', 'f']);
  await podOk(['wait', 'f']);
  assert.is(await status('f'), 'exited 2');
  assert.is((await podOk(['logs', 'f'])).split('\n').length, 6);
  await podOk(['rm', 'f']);
  assert.equal(remains(), []);
});

test('on-failure leaves one alone that ends well', async () => {
  await run('w', 'on-failure', 'sh', '-c', 'test -e /f && exit 0; touch /f; exit 1');
  assert.equal(await pod(['wait', 'w']), ended(0, '0\n'));
  assert.is(await status('w'), 'exited 1');
  await podOk(['rm', 'w']);
});

test('always: it comes back with its files, another process and the same name, until it is stopped', async () => {
  await run('a', 'always', 'sh', '-c', 'echo up >> /f; wc -l < /f; exec sleep 1000');
  const first = await show('a', '{{.State.Pid}}');
  await podOk(['exec', 'a', 'kill', '-9', '-1']).catch(() => {});
  process.kill(Number(first), 'SIGKILL');
  await eventually(async () => (await status('a')) === 'running 1');
  assert.is.not(await show('a', '{{.State.Pid}}'), first);
  await eventually(async () => (await podOk(['logs', 'a'])) === '1\n2');
  assert.equal(await pod(['stop', '-t', '0', 'a']), ended(0, 'a\n'));
  assert.is(await status('a'), 'exited 1');
  await podOk(['start', 'a']);
  assert.is(await status('a'), 'running 0');
  await podOk(['kill', 'a']);
  assert.equal(await pod(['wait', 'a']), ended(0, '137\n'));
  assert.is((await status('a')).split(' ')[0], 'exited');
  await podOk(['rm', 'a']);
  assert.equal(remains(), []);
});

/** One that ends at once, in the pause before a later start: the fifth pause is 1600 ms. */
async function waiting(name: string): Promise<void> {
  await run(name, 'always', 'sh', '-c', 'exit 5');
  await eventually(async () => /^restarting [4-9]/.test(await status(name)));
}

test('stop ends the pause at once; ps shows it', async () => {
  await waiting('p');
  await eventually(async () =>
    /^p restarting Restarting \(5\) /.test(
      await podOk(['ps', '--format', '{{.Names}} {{.State}} {{.Status}}']),
    ),
  );
  assert.equal(await pod(['start', 'p']), ended(0, 'p\n'));
  assert.equal(await pod(['stop', 'p']), ended(0, 'p\n'));
  assert.match(await status('p'), /^exited /);
  assert.is(await show('p', '{{.State.ExitCode}}'), '5');
  await podOk(['rm', 'p']);
  assert.equal(remains(), []);
});

test('rm -f and kill end it in its pause, rm refuses', async () => {
  await waiting('q');
  assert.is((await pod(['rm', 'q'])).code, 2);
  await podOk(['rm', '-f', 'q']);
  assert.equal(remains(), []);
  await waiting('q');
  assert.is((await pod(['kill', '-s', 'USR1', 'q'])).code, 125);
  assert.equal(await pod(['kill', 'q']), ended(0, 'q\n'));
  await podOk(['wait', 'q']);
  assert.match(await status('q'), /^exited /);
  await podOk(['rm', 'q']);
  assert.equal(remains(), []);
});

test('kill -9 of the monitor in the pause leaves one that has ended, and can be started and removed', async () => {
  await waiting('m');
  process.kill(Number(await show('m', '{{.State.ConmonPid}}')), 'SIGKILL');
  await eventually(async () => (await status('m')).startsWith('exited'));
  assert.is(await show('m', '{{.State.ExitCode}}'), '5');
  await podOk(['start', 'm']);
  await podOk(['stop', 'm']);
  await podOk(['rm', 'm']);
  assert.equal(remains(), []);
});

test('stop hits it in any moment', async () => {
  for (let round = 0; round < 5; round++) {
    await run('any', 'always', 'true');
    await new Promise((resolve) => setTimeout(resolve, round * 50));
    assert.equal(await pod(['stop', '-t', '0', 'any']), ended(0, 'any\n'));
    assert.match(await status('any'), /^exited /, await podOk(['events', '--since', '10s', '--until', '0s']));
    await podOk(['rm', 'any']);
  }
  assert.equal(remains(), []);
});

test('one that can not start again is recorded and tried again', async () => {
  await run('gone', 'on-failure:2', 'sh', '-c', 'rm /bin/sh; exit 1');
  assert.equal(await pod(['wait', 'gone']), ended(0, '127\n'));
  assert.is(await status('gone'), 'exited 2');
  assert.is(await show('gone', '{{.State.Error}}'), 'executable "sh" not found in $PATH');
  await podOk(['rm', 'gone']);
  assert.equal(remains(), []);
});

test('in the foreground the command sees all starts, and ends with the last', async () => {
  assert.equal(
    await pod([
      'run',
      ...plain,
      '--name',
      'front',
      '--restart',
      'on-failure:1',
      BUSYBOX,
      'sh',
      '-c',
      'echo out; echo err >&2; exit 3',
    ]),
    ended(3, 'out\nout\n', 'err\nerr\n'),
  );
  await podOk(['rm', 'front']);
});

test('who is attached stays so over a restart, and what they type in the pause is not lost', async () => {
  const briefly = 'echo >>/n; [ $(wc -l </n) -le 5 ] && exit 1';
  const command = ['sh', '-c', `echo up; ${briefly}; read x; echo got $x; exit 1`];
  const create = ['create', '-i', ...plain, '--name', 'att', '--restart', 'always'];
  await podOk([...create, BUSYBOX, ...command]);
  const child = startPod(['start', '-ai', 'att']);
  let shown = '';
  child.stdout!.on('data', (text) => (shown += text));
  const exit = new Promise((resolve) => child.on('close', resolve));
  await eventually(async () => (await status('att')) === 'restarting 4'); // for 1600 ms
  child.stdin!.write('typed\n');
  await eventually(() => shown.includes('got typed'));
  assert.match(shown, /^(up\n){6}got typed\n/);
  await podOk(['stop', '-t', '0', 'att']);
  assert.ok([1, 137].includes((await exit) as number));
  await podOk(['rm', 'att']);
  assert.equal(remains(), []);
});

test('the monitor keeps nothing of the starts before: descriptors and children', async () => {
  await run('many', 'always', 'sh', '-c', 'exit 1');
  const monitor = await show('many', '{{.State.ConmonPid}}');
  await eventually(async () => /^restarting [4-9]/.test(await status('many')));
  const { readdirSync } = await import('node:fs');
  assert.ok(readdirSync(`/proc/${monitor}/task/${monitor}`).includes('children'));
  assert.is(readFileSync(`/proc/${monitor}/task/${monitor}/children`, 'utf8'), '');
  await podOk(['rm', '-f', 'many']);
});

test('the policy is in the plan that is kept, and the container has no other', async () => {
  await run('plan', 'unless-stopped', 'sleep', '1000');
  const id = await show('plan', '{{.Id}}');
  const plan = readFileSync(join(sandbox.run, 'tsc-pod', id.slice(0, 16), 'plan'), 'utf8');
  assert.match(plan, /\nrestart unless-stopped 0\n/);
  await podOk(['rm', '-f', 'plan']);
  assert.equal(remains(), []);
});

test('what a policy can not be is told', async () => {
  const refused = async (...flags: string[]) =>
    (await pod(['run', ...plain, ...flags, BUSYBOX, 'true'])).stderr;
  assert.is(await refused('--restart', 'always', '--rm'), 'Error: --restart and --rm exclude each other\n');
  assert.is(
    await refused('--restart', 'always', '--preserve-fds', '1'),
    'Error: --preserve-fds and --restart exclude each other\n',
  );
  assert.is(
    await refused('--restart', 'maybe'),
    'Error: cannot use --restart maybe: there is no such policy\n--restart takes no, on-failure[:number], always or unless-stopped\n',
  );
  assert.is(await podOk(['ps', '-aq']), '');
});

test.run();
