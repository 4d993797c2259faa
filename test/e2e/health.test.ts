import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import type { Health } from '../../core/container/health.ts';
import { BUSYBOX, ended } from './container-lab.ts';
import { binary, command, eventually, pod, podOk, test } from './harness/index.ts';
import { sandbox } from './harness/sandbox.ts';

/** `run -d` of a container with a check; its main process sleeps unless told otherwise. */
const start = (name: string, flags: string[], command = ['sleep', '1000']) =>
  podOk(['run', '-d', '--network', 'none', '--name', name, ...flags, BUSYBOX, ...command]);
const check = (cmd: string, ...flags: string[]) => [
  '--health-cmd',
  cmd,
  '--health-interval',
  '200ms',
  ...flags,
];

const status = (name: string) => podOk(['inspect', name, '--format', '{{.State.Health.Status}}']);
const health = async (name: string): Promise<Health> =>
  JSON.parse(await podOk(['inspect', name, '--format', '{{json .State.Health}}']));
const shown = (name: string) => podOk(['ps', '-a', '--filter', `name=^${name}$`, '--format', '{{.Status}}']);
const state = (name: string) => podOk(['inspect', name, '--format', '{{.State.Status}} {{.State.ExitCode}}']);
const becomes = (name: string, wanted: Health['Status']) =>
  eventually(async () => (await status(name)) === wanted);

test('a container is starting, healthy, unhealthy and healthy again, as ps and inspect show', async () => {
  await start(
    'turns',
    check(
      'echo seen; test -f /tmp/ok',
      '--health-retries',
      '2',
      '--health-start-period',
      '1h',
      '--health-start-interval',
      '200ms',
    ),
  );
  assert.match(await shown('turns'), / \(health: starting\)$/);
  await eventually(async () => (await health('turns')).Log.length >= 3);
  assert.is(await status('turns'), 'starting');
  await podOk(['exec', 'turns', 'touch', '/tmp/ok']);
  await becomes('turns', 'healthy');
  assert.match(await shown('turns'), /^Up .* \(healthy\)$/);
  await podOk(['exec', 'turns', 'rm', '/tmp/ok']);
  await becomes('turns', 'unhealthy');
  const { FailingStreak, Log } = await health('turns');
  assert.ok(FailingStreak >= 2);
  assert.equal([Log.length, Log.at(-1)?.ExitCode, Log.at(-1)?.Output], [5, 1, 'seen\n']);
  const filtered = (word: string) => podOk(['ps', '--filter', `health=${word}`, '--format', '{{.Names}}']);
  assert.equal(
    [await filtered('unhealthy'), await filtered('healthy'), await filtered('none')],
    ['turns', '', ''],
  );
  assert.equal(await pod(['logs', 'turns']), ended(0));
  await podOk(['rm', '-f', 'turns']);
});

test('healthcheck run tells by its exit code, and its result is kept', async () => {
  await start('asked', [
    '--health-cmd',
    'test -f /tmp/ok',
    '--health-interval',
    'disable',
    '--health-retries',
    '1',
  ]);
  assert.equal(await pod(['healthcheck', 'run', 'asked']), ended(1, 'unhealthy\n'));
  assert.is(await status('asked'), 'unhealthy');
  await podOk(['exec', 'asked', 'touch', '/tmp/ok']);
  assert.equal(await pod(['healthcheck', 'run', 'asked']), ended(0));
  const { Status, Log } = await health('asked');
  assert.equal([Status, Log.map(({ ExitCode }) => ExitCode)], ['healthy', [1, 0]]);
  await podOk(['stop', '-t', '0', 'asked']);
  assert.equal(
    await pod(['healthcheck', 'run', 'asked']),
    ended(125, '', 'Error: cannot check the health of asked: it is not running\n'),
  );
  await podOk(['rm', 'asked']);
  await start('bare', []);
  assert.equal(
    await pod(['healthcheck', 'run', 'bare']),
    ended(
      125,
      '',
      'Error: cannot check the health of bare: it has no health check\nrun it with --health-cmd COMMAND\n',
    ),
  );
  await podOk(['rm', '-f', 'bare']);
});

test('a check runs as the container does: its user, variables, directory; a JSON array is a command', async () => {
  await start('like', [
    '--health-cmd',
    '["sh", "-c", "id -u; pwd; echo $OF"]',
    '--health-interval',
    'disable',
    '-u',
    '1234',
    '-w',
    '/tmp',
    '-e',
    'OF=it',
  ]);
  await podOk(['healthcheck', 'run', 'like']);
  assert.is((await health('like')).Log[0]?.Output, '1234\n/tmp\nit\n');
  await podOk(['rm', '-f', 'like']);
});

test('a check that hangs, forks, ignores signals and prints without end is ended with all its processes', async () => {
  const script =
    'trap "" TERM INT HUP; setsid sleep 881 & (setsid sh -c "trap \\"\\" TERM; sleep 882; :" &); yes';
  const once = ['--health-interval', 'disable', '--health-timeout', '500ms', '--health-retries', '1'];
  await start('wild', ['--health-cmd', script, ...once]);
  await eventually(async () => {
    assert.equal(await pod(['healthcheck', 'run', 'wild']), ended(1, 'unhealthy\n'));
    const { Status, Log } = await health('wild');
    assert.equal([Status, Log.at(-1)?.ExitCode], ['unhealthy', -1]);
    assert.match(Log.at(-1)!.Output, /^Health check exceeded timeout \(500ms\)/);
    assert.ok(Log.at(-1)!.Output.length < 4200);
    return /: y\ny\n/.test(Log.at(-1)!.Output); // half a second may be too short for it
  });
  assert.is(await podOk(['exec', 'wild', 'ps', '-o', 'args']), 'COMMAND\nsleep 1000\nps -o args');
  await podOk(['rm', '-f', 'wild']);
});

test('an unhealthy container is killed, stopped, or started again', async () => {
  const bad = (action: string, ...flags: string[]) =>
    check('false', '--health-retries', '1', '--health-on-failure', action, ...flags);
  await start('killed', bad('kill'));
  await eventually(async () => (await state('killed')) === 'exited 137');
  await start('stopped', bad('stop', '--restart', 'always'), [
    'sh',
    '-c',
    'trap "exit 5" TERM; while :; do sleep 0.1; done',
  ]);
  await eventually(async () => (await state('stopped')) === 'exited 5');
  await start('again', bad('restart', '--stop-signal', 'KILL'));
  await eventually(
    async () => Number(await podOk(['inspect', 'again', '--format', '{{.RestartCount}}'])) >= 1,
  );
  await podOk(['rm', '-f', 'killed', 'stopped', 'again']);
});

test('while it is paused nothing is checked', async () => {
  await start('rests', check('true'));
  await becomes('rests', 'healthy');
  await podOk(['pause', 'rests']);
  assert.equal(
    await pod(['healthcheck', 'run', 'rests']),
    ended(125, '', 'Error: cannot check the health of rests: it is paused\n'),
  );
  await podOk(['unpause', 'rests']);
  assert.is(await status('rests'), 'healthy');
  await podOk(['rm', '-f', 'rests']);
});

test('the check of an image holds, unless flags say otherwise', async () => {
  const refused = (flags: string[]) => pod(['run', '--rm', '--network', 'none', ...flags, BUSYBOX, 'true']);
  assert.equal(
    await refused(['--health-interval', '1s']),
    ended(
      125,
      '',
      'Error: cannot check the health of this container: the image names no command for it\n--health-cmd COMMAND   # what tells whether it is healthy\n',
    ),
  );
  assert.equal(
    await refused(['--no-healthcheck', '--health-cmd', 'true']),
    ended(125, '', 'Error: --no-healthcheck and --health-* exclude each other\n'),
  );
  await start('none', ['--health-cmd', 'none']);
  assert.is((await shown('none')).includes('('), false);
  await podOk(['rm', '-f', 'none']);
});

test('descriptors are passed on, those and no other', async () => {
  await start('box', []);
  const file = join(sandbox.dir, 'passed');
  writeFileSync(file, 'from outside');
  const script = 'cat <&3; ls /proc/self/fd | tr "\\n" " "';
  for (const args of [
    ['exec', '--preserve-fds', '1', 'box'],
    ['run', '--rm', '--network', 'none', '--preserve-fds', '1', BUSYBOX],
  ]) {
    const { stdout, code } = await command([
      ...['sh', '-c', 'file=$1; shift; exec "$@" 3<"$file"', 'sh', file, binary],
      ...[...args, 'sh', '-c', `${script}; exit 9`],
    ]);
    assert.equal([stdout, code], ['from outside0 1 2 3 4 ', 9]);
  }
  const refused = await pod(['exec', '--preserve-fds', '1', 'box', 'true']);
  assert.is(refused.code, 125);
  assert.match(refused.stderr, /^Error: cannot pass on descriptor 3: /);
  await podOk(['rm', '-f', 'box']);
});

test.run();
