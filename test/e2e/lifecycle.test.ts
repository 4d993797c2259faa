import * as assert from 'uvu/assert';
import { BUSYBOX, ended, remains } from './container-lab.ts';
import { eventually, pod, podOk, startPod, test } from './harness/index.ts';

const plain = ['--network', 'none'];
const state = (name: string) =>
  podOk([
    'inspect',
    '--format',
    '{{.State.Status}} {{.State.Running}} {{.State.ExitCode}} {{.State.OOMKilled}}',
    name,
  ]);

test('a container that runs, and has ended by itself', async () => {
  const id = await podOk([
    'run',
    '-d',
    '-i',
    ...plain,
    '--name',
    'one',
    BUSYBOX,
    'sh',
    '-c',
    'trap "exit 3" USR1; echo up; while :; do sleep 0.01; done',
  ]);
  await eventually(async () => (await podOk(['logs', 'one'])) === 'up');
  assert.match(id, /^[0-9a-f]{64}$/);
  assert.equal(await state('one'), 'running true 0 false');
  assert.match(
    await podOk(['ps', '--format', '{{.ID}} {{.Names}} {{.Image}} {{.Status}}']),
    new RegExp(`^${id.slice(0, 12)} one ${BUSYBOX} Up `),
  );
  await podOk(['kill', '-s', 'USR1', 'one']);
  assert.equal(await podOk(['wait', 'one']), '3');
  assert.equal(await state('one'), 'exited false 3 false');
  assert.equal(await podOk(['ps', '-q']), '');
  assert.match(await podOk(['ps', '-a', '--format', '{{.Names}} {{.Status}}']), /^one Exited \(3\) /);
  const times = await podOk([
    'inspect',
    '--format',
    '{{.Created}} {{.State.StartedAt}} {{.State.FinishedAt}}',
    'one',
  ]);
  const [created, started, finished] = times.split(' ').map((time) => Date.parse(time));
  assert.ok(
    created! <= started! &&
      started! <= finished! &&
      finished! <= Date.now() &&
      Date.now() - created! < 600_000,
  );
  await podOk(['rm', 'one']);
  assert.equal(remains(), []);
});

test('ended by a signal', async () => {
  await podOk(['run', '-d', ...plain, '--name', 'killed', BUSYBOX, 'sleep', '1000']);
  await podOk(['kill', 'killed']);
  await podOk(['wait', 'killed']);
  assert.equal(await state('killed'), 'exited false 137 false');
  await podOk(['rm', 'killed']);
});

test('one that could not start says why, and can be removed', async () => {
  const ran = await pod(['run', '-d', ...plain, '--name', 'failed', BUSYBOX, 'nope']);
  assert.equal(ran, ended(127, '', 'Error: executable "nope" not found in $PATH\n'));
  assert.match(await state('failed'), /^(created|exited) false 127 false$/);
  assert.equal(
    await podOk(['inspect', '--format', '{{.State.Error}}', 'failed']),
    'executable "nope" not found in $PATH',
  );
  assert.equal(await pod(['run', '--rm', '-d', ...plain, '--name', 'failed2', BUSYBOX, 'nope']), ran);
  assert.equal(await podOk(['ps', '-a', '--format', '{{.Names}}']), 'failed');
  await podOk(['rm', 'failed']);
  assert.equal(remains(), []);
});

test('rm refuses what runs, rm -f ends it; both names of it work', async () => {
  const id = await podOk(['run', '-d', ...plain, '--name', 'busy', BUSYBOX, 'sleep', '1000']);
  assert.equal(
    await pod(['rm', 'busy']),
    ended(2, '', 'Error: cannot remove busy: it is running\ntsc-pod rm -f busy   # or stop it first\n'),
  );
  assert.equal(await pod(['rm', '-f', id.slice(0, 6)]), ended(0, `${id.slice(0, 6)}\n`));
  assert.is((await pod(['rm', 'busy'])).code, 1);
  assert.equal(await pod(['rm', '-f', 'busy']), ended(0));
  assert.equal(remains(), []);
});

test('-d --rm goes when it has ended', async () => {
  await podOk(['run', '-d', '--rm', ...plain, '--name', 'brief', BUSYBOX, 'true']);
  await eventually(() => remains().length === 0);
  assert.equal(await podOk(['ps', '-aq']), '');
});

test('several at once: stop, rm -f, wait print each name', async () => {
  for (const name of ['a', 'b', 'c'])
    await podOk(['run', '-d', ...plain, '--name', name, BUSYBOX, 'sleep', '1000']);
  assert.equal(
    await pod(['stop', '-t', '0', 'a', 'nope', 'b']),
    ended(125, 'a\nb\n', 'Error: no such container: nope\ntsc-pod ps -a   # lists all containers\n'),
  );
  assert.equal(await pod(['wait', 'a', 'b']), ended(0, '137\n137\n'));
  assert.equal(await pod(['rm', '-f', 'a', 'b', 'c']), ended(0, 'a\nb\nc\n'));
  assert.equal(remains(), []);
});

test('ps filters by state, name, exit code and label, and shows its columns', async () => {
  await podOk(['run', '-d', ...plain, '--name', 'up', '--label', 'x=1', BUSYBOX, 'sleep', '1000']);
  await pod(['run', ...plain, '--name', 'down', BUSYBOX, 'sh', '-c', 'exit 5']);
  const names = (...filters: string[]) =>
    podOk(['ps', '-a', '--format', '{{.Names}}', ...filters.flatMap((one) => ['--filter', one])]);
  assert.equal(await names(), 'down\nup');
  assert.equal(await names('status=running'), 'up');
  assert.equal(await names('status=exited'), 'down');
  assert.equal(await names('exited=5'), 'down');
  assert.equal(await names('name=ow'), 'down');
  assert.equal(await names('label=x'), 'up');
  assert.equal(await names('label=x=2'), '');
  const table = (await podOk(['ps', '-a'])).split('\n');
  assert.match(table[0]!, /^CONTAINER ID +IMAGE +COMMAND +CREATED +STATUS +PORTS +NAMES$/);
  assert.is(table.length, 3);
  const json = await podOk(['ps', '-a', '--format', 'json']);
  assert.match(json, /"up"/);
  assert.is((await pod(['ps', '--filter', 'nope=1'])).code, 125);
  await podOk(['rm', '-f', 'up', 'down']);
});

test('inspect is JSON, takes templates, and finds nothing that is not there', async () => {
  await podOk([
    'run',
    '-d',
    ...plain,
    '--name',
    'seen',
    '-e',
    'A=b',
    '-v',
    'vol:/v',
    '--hostname',
    'h',
    BUSYBOX,
    'sleep',
    '1000',
  ]);
  const [one] = JSON.parse(await podOk(['inspect', 'seen']));
  assert.equal(
    [
      one.Name,
      one.Path,
      one.Args,
      one.Config.Hostname,
      one.Config.Env.includes('A=b'),
      one.State.Status,
      one.Mounts.length,
      one.Mounts[0].Destination,
    ],
    ['seen', 'sleep', ['1000'], 'h', true, 'running', 1, '/v'],
  );
  assert.equal(
    await podOk([
      'inspect',
      '--format',
      '{{range .Mounts}}{{.Name}}:{{.Destination}}{{end}} {{json .Config.Cmd}}',
      'seen',
    ]),
    'vol:/v ["sleep","1000"]',
  );
  const nothing = await pod(['inspect', 'nope']);
  assert.is(nothing.code === 0, false);
  assert.match(nothing.stderr, /^Error: no such/);
  await podOk(['rm', '-f', 'seen']);
});

test('a container is stopped though nobody reads its output where it was started', async () => {
  const unread = startPod(['run', ...plain, '--name', 'unread', BUSYBOX, 'yes'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const code = new Promise((resolve) => unread.on('close', resolve));
  const still = 'a=$(cat /proc/1/stat) && sleep 0.2 && test "$a" = "$(cat /proc/1/stat)"';
  await eventually(async () => (await pod(['exec', 'unread', 'sh', '-c', still])).code === 0);
  assert.equal(await pod(['stop', '-t', '0', 'unread']), ended(0, 'unread\n'));
  assert.is(await code, 137);
  await podOk(['rm', 'unread']);
});

test.run();
