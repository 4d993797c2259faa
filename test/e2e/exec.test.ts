import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { BUSYBOX, ended } from './container-lab.ts';
import { eventually, pod, podOk, startPod, test } from './harness/index.ts';
import { sandbox } from './harness/sandbox.ts';
import { processesOf } from './harness/sweep.ts';

const plain = ['--network', 'none'];

test.before(async () => {
  await podOk([
    ...['run', '-d', ...plain, '--name', 'box', '-e', 'OF=container', '-w', '/tmp', '--hostname', 'boxed'],
    ...['--tmpfs', '/scratch', BUSYBOX, 'sleep', '1000'],
  ]);
});

test('exec gives the exit code and the streams apart', async () => {
  assert.equal(
    await pod(['exec', 'box', 'sh', '-c', 'echo out; echo err >&2; exit 7']),
    ended(7, 'out\n', 'err\n'),
  );
  assert.equal(
    await pod(['exec', 'box', 'nope']),
    ended(127, '', 'Error: executable "nope" not found in $PATH\n'),
  );
  assert.equal(
    await pod(['exec', 'box', '/etc']),
    ended(126, '', 'Error: cannot execute /etc: Permission denied\n'),
  );
  assert.equal((await pod(['exec', 'box', 'sh', '-c', 'kill -9 $$'])).code, 137);
});

test('a user of the container alone, in one whose root is read-only', async () => {
  await podOk([
    ...['run', '-d', ...plain, '--name', 'own', BUSYBOX, 'sh', '-c'],
    'echo "late:x:4321:65:::/" >>/etc/passwd; echo "more:x:77:late" >>/etc/group; exec sleep 1000',
  ]);
  await eventually(async () => (await pod(['exec', '-u', 'late', 'own', 'id'])).code === 0);
  assert.is(await podOk(['exec', '-u', 'late', 'own', 'sh', '-c', 'id -u; id -g; id -G']), '4321\n65\n65 77');
  await podOk(['run', '-d', ...plain, '--name', 'fixed', '--read-only', BUSYBOX, 'sleep', '1000']);
  assert.equal(
    await pod(['exec', 'fixed', 'sh', '-c', 'echo x >/etc/new']),
    ended(1, '', "sh: can't create /etc/new: Read-only file system\n"),
  );
  await podOk(['rm', '-f', 'own', 'fixed']);
});

test('which container: the latest, or that of a file; and what is missing is said', async () => {
  const file = join(sandbox.dir, 'id');
  await podOk(['run', '-d', ...plain, '--name', 'last', '--cidfile', file, BUSYBOX, 'sleep', '1000']);
  for (const way of [['--latest'], ['--cidfile', file]])
    assert.is(await podOk(['exec', ...way, 'cat', '/proc/1/cmdline']), 'sleep\x001000\0');
  assert.equal(
    await pod(['exec', 'last']),
    ended(125, '', 'Error: no command was given\ntsc-pod exec last COMMAND\n'),
  );
  await podOk(['pause', 'last']);
  const paused = await pod(['exec', 'last', 'true']);
  assert.equal([paused.code, paused.stdout], [125, '']);
  assert.match(paused.stderr, /paused/);
  await podOk(['rm', '-f', 'last']);
});

test('input comes with -i only', async () => {
  assert.equal(await pod(['exec', '-i', 'box', 'cat'], { input: 'hi' }), ended(0, 'hi'));
  assert.equal(await pod(['exec', 'box', 'cat'], { input: 'hi' }), ended(0));
});

test('the command is in the same world: files, host name, processes, filter, capabilities', async () => {
  const facts =
    'hostname; pwd; echo $OF; cat /proc/1/cmdline | tr "\\0" " "; echo; mount | grep -c scratch; grep -E "^(Cap|NoNew|Seccomp:)" /proc/self/status';
  const own = await podOk([
    'run',
    '--rm',
    ...plain,
    BUSYBOX,
    'grep',
    '-E',
    '^(Cap|NoNew|Seccomp:)',
    '/proc/self/status',
  ]);
  assert.equal(
    await pod(['exec', 'box', 'sh', '-c', facts]),
    ended(0, `boxed\n/tmp\ncontainer\nsleep 1000 \n1\n${own}\n`),
  );
  assert.equal(
    await pod([
      'exec',
      'box',
      'sh',
      '-c',
      'for k in user mnt pid ipc uts net cgroup; do test "$(readlink /proc/self/ns/$k)" = "$(readlink /proc/1/ns/$k)" || echo $k; done',
    ]),
    ended(0),
  );
});

test('-e, --env-file, -w and -u', async () => {
  const file = join(sandbox.work, 'env');
  writeFileSync(file, 'A=file\nB=file\n');
  assert.equal(
    await pod([
      'exec',
      '-e',
      'A=flag',
      '--env-file',
      file,
      '-w',
      '/etc',
      '-u',
      'nobody',
      'box',
      'sh',
      '-c',
      'echo $A $B $OF; pwd; id -un; id -u; grep CapEff /proc/self/status',
    ]),
    ended(0, 'flag file container\n/etc\nnobody\n65534\nCapEff:\t0000000000000000\n'),
  );
  assert.equal(
    await pod(['exec', '-u', '5:6', 'box', 'sh', '-c', 'id -u; id -g; id -G']),
    ended(0, '5\n6\n6\n'),
  );
  for (const [directory, code, why] of [
    ['/no/such', 127, 'No such file or directory'],
    ['/bin/busybox', 126, 'Not a directory'],
  ] as const)
    for (const flags of [[], ['-d'], ['-t']])
      assert.equal(
        await pod(['exec', ...flags, '-w', directory, 'box', 'pwd']),
        ended(code, '', `Error: cannot enter the working directory ${directory}: ${why}\n`),
      );
});

test('--privileged has all capabilities and no filter', async () => {
  const last = Number(readFileSync('/proc/sys/kernel/cap_last_cap', 'utf8'));
  const own = ((1n << BigInt(last + 1)) - 1n).toString(16).padStart(16, '0');
  assert.equal(
    await pod(['exec', '--privileged', 'box', 'grep', '-E', '^(CapEff|Seccomp:)', '/proc/self/status']),
    ended(0, `CapEff:\t${own}\nSeccomp:\t0\n`),
  );
});

test('-d runs on in the background', async () => {
  assert.equal(
    await pod(['exec', '-d', 'box', 'sh', '-c', 'echo done >/tmp/mark; exec sleep 333']),
    ended(0),
  );
  await eventually(async () => (await podOk(['exec', 'box', 'ps'])).includes('sleep 333'));
  assert.equal(await podOk(['exec', 'box', 'cat', '/tmp/mark']), 'done');
  assert.equal(
    await pod(['exec', '-d', 'box', 'nope']),
    ended(127, '', 'Error: executable "nope" not found in $PATH\n'),
  );
  assert.equal(
    await pod(['exec', '-d', '-t', 'box', 'sh', '-c', 'test -t 1 && touch /tmp/terminal']),
    ended(0),
  );
  await eventually(async () => (await pod(['exec', 'box', 'test', '-e', '/tmp/terminal'])).code === 0);
});

test('the command has descriptors 0, 1 and 2 and no other', async () => {
  assert.equal(
    await pod(['exec', 'box', 'sh', '-c', 'echo /proc/self/fd/*']),
    ended(0, '/proc/self/fd/0 /proc/self/fd/1 /proc/self/fd/2 /proc/self/fd/3\n'),
  );
});

test('thirty commands at once', async () => {
  const all = await Promise.all(
    Array.from({ length: 30 }, (_, n) => pod(['exec', 'box', 'echo', String(n)])),
  );
  assert.equal(
    all,
    all.map((_, n) => ended(0, `${n}\n`)),
  );
});

test('where there is nothing to execute in, it is said', async () => {
  assert.equal(
    await pod(['exec', 'nobox', 'true']),
    ended(125, '', 'Error: no such container: nobox\ntsc-pod ps -a   # lists all containers\n'),
  );
  await podOk(['run', ...plain, '--name', 'over', BUSYBOX, 'true']);
  const ran = await pod(['exec', 'over', 'true']);
  assert.equal(
    [ran.code, ran.stderr.split('\n')[0]],
    [125, 'Error: cannot execute in over: it is not running'],
  );
  await podOk(['rm', 'over']);
});

test('a command ends with its container', async () => {
  const inside = pod(['exec', 'box', 'sleep', '1000']);
  await eventually(async () => (await podOk(['exec', 'box', 'ps'])).match(/sleep 1000/g)?.length === 2);
  await podOk(['rm', '-f', 'box']);
  assert.equal(await inside, ended(137));
});

test('a container ends though a command in it, or its monitor, was stopped on the host', async () => {
  for (const flags of [[], ['-t']]) {
    await podOk(['run', '-d', ...plain, '--name', 'held', BUSYBOX, 'sleep', '1000']);
    const command = startPod(['exec', ...flags, 'held', 'sleep', '2000'], { stdio: 'ignore' });
    const code = new Promise((resolve) => command.on('close', resolve));
    await eventually(async () => (await podOk(['exec', 'held', 'ps'])).includes('sleep 2000'));
    const clients = processesOf(sandbox.dir).filter((one) => /\/exec-[0-9a-f]+$/.test(one.command));
    assert.ok(clients.some(({ pid }) => pid === command.pid));
    for (const { pid } of clients) process.kill(pid, 'SIGSTOP');
    assert.equal(await pod(['rm', '-f', 'held']), ended(0, 'held\n'));
    assert.is(await code, 137);
  }
  await podOk(['run', '-d', ...plain, '--name', 'held', BUSYBOX, 'sleep', '1000']);
  process.kill(Number(await podOk(['inspect', '-f', '{{.State.ConmonPid}}', 'held'])), 'SIGSTOP');
  assert.equal(await pod(['rm', '-f', 'held']), ended(0, 'held\n'));
});

test('a container ends though nobody reads what a command in it writes', async () => {
  const still =
    'pid=$(pidof yes) && a=$(cat /proc/$pid/stat) && sleep 0.2 && test "$a" = "$(cat /proc/$pid/stat)"';
  for (const flags of [[], ['-t']]) {
    await podOk(['run', '-d', ...plain, '--name', 'unread', BUSYBOX, 'sleep', '1000']);
    const unread = startPod(['exec', ...flags, 'unread', 'yes'], { stdio: ['ignore', 'pipe', 'pipe'] });
    const code = new Promise((resolve) => unread.on('close', resolve));
    await eventually(async () => (await pod(['exec', 'unread', 'sh', '-c', still])).code === 0);
    assert.equal(await pod(['rm', '-f', 'unread']), ended(0, 'unread\n'));
    unread.stdout!.resume();
    assert.is(await code, 137);
  }
});

test.run();
