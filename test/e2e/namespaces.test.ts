import { readFileSync, readlinkSync } from 'node:fs';
import * as assert from 'uvu/assert';
import { BUSYBOX, ended, remains, sh } from './container-lab.ts';
import { eventually, pod, podOk, sandbox, test } from './harness/index.ts';
import { processesOf } from './harness/sweep.ts';

const KINDS = ['user', 'pid', 'net', 'ipc', 'uts', 'cgroup', 'mnt'];
const LOOK = `for kind in ${KINDS.join(' ')}; do readlink /proc/self/ns/$kind; done`;
const look = async (name: string) => (await podOk(['exec', name, 'sh', '-c', LOOK])).split('\n');
const sharedWith = (mine: string[], theirs: string[]) => KINDS.filter((_, i) => mine[i] === theirs[i]);

/** How many of this test's processes are stopped, proc_pid_stat(5). */
const stoppedProcesses = () =>
  processesOf(sandbox.dir).filter(({ pid }) => {
    try {
      return /\) T /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
    } catch {
      return false;
    }
  }).length;

const holder = (name: string, flags: string[] = [], script = 'exec sleep 1000') =>
  podOk([
    'run',
    '-d',
    '--network',
    'none',
    '--hostname',
    'holder',
    '--name',
    name,
    ...flags,
    BUSYBOX,
    'sh',
    '-c',
    script,
  ]);

test('each namespace of another container can be joined, and its user namespace comes along', async () => {
  await holder('web');
  const theirs = await look('web');
  const shared = async (...flags: string[]) => {
    const { stdout, stderr } = await sh(LOOK, flags);
    assert.is(stderr, '');
    return sharedWith(stdout.trim().split('\n'), theirs);
  };
  assert.equal(await shared(), []);
  assert.equal(await shared('--network', 'container:web'), ['user', 'net']);
  assert.equal(await shared('--ipc', 'container:web', '--pid', 'container:web'), ['user', 'pid', 'ipc']);
  assert.equal(await shared('--uts', 'container:web', '--cgroupns', 'container:web'), [
    'user',
    'uts',
    'cgroup',
  ]);
  assert.equal(await shared('--userns', 'container:web'), ['user']);
});

test('a shared network brings its hosts, its names and its host name', async () => {
  await holder('web', ['--add-host', 'db:1.2.3.4']);
  const { stdout } = await sh('cat /etc/hosts /etc/hostname; hostname', ['--network', 'container:web']);
  assert.match(stdout, /^1\.2\.3\.4\tdb$/m);
  assert.match(stdout, /\nholder\nholder\n$/);
  // The very files: what one adds is there for the other.
  await podOk(['exec', 'web', 'sh', '-c', 'echo 5.6.7.8 late >> /etc/hosts']);
  assert.match((await sh('cat /etc/hosts', ['--network', 'container:web'])).stdout, /^5\.6\.7\.8 late$/m);
});

test('shared memory is shared with the ipc namespace', async () => {
  await holder('web', ['--shm-size', '1m']);
  assert.equal(
    await sh('echo hello > /dev/shm/here; stat -f -c %b /dev/shm', ['--ipc', 'container:web']),
    ended(0, '256\n'),
  );
  assert.is(await podOk(['exec', 'web', 'cat', '/dev/shm/here']), 'hello');
});

test('a symbolic link in the place of shared memory leads nowhere', async () => {
  await holder(
    'trap',
    ['--privileged'],
    'umount /dev/shm && rmdir /dev/shm && ln -s / /dev/shm; exec sleep 1000',
  );
  await eventually(async () => (await podOk(['exec', 'trap', 'readlink', '-f', '/dev/shm'])) === '/');
  const { code, stderr } = await sh('ls /dev/shm', ['--ipc', 'container:trap']);
  assert.is(code, 125);
  assert.match(stderr, /^Error: cannot share \/dev\/shm: there is a symbolic link in its place\n/);
});

test('who shares process ids sees the others, and at its end only its own processes end', async () => {
  await holder('web');
  assert.match((await sh('ps -o args', ['--pid', 'container:web'])).stdout, /^sleep 1000$/m);
  await podOk([
    'run',
    '-d',
    '--network',
    'none',
    '--name',
    'side',
    '--pid',
    'container:web',
    BUSYBOX,
    'sh',
    '-c',
    'setsid sleep 2000 & sleep 3000',
  ]);
  const alive = async () =>
    (await podOk(['exec', 'web', 'ps', '-o', 'stat,args']))
      .split('\n')
      .filter((line) => /sleep \d/.test(line) && !line.startsWith('Z'));
  await eventually(async () => (await alive()).length === 3);
  await podOk(['kill', 'side']);
  assert.is(await podOk(['wait', 'side']), '137');
  assert.equal(
    (await alive()).map((line) => line.replace(/^\S+\s+/, '')),
    ['sleep 1000'],
  );
});

test('what hides of /proc is hidden from who joins, too', async () => {
  await holder('web');
  const script = 'cat /proc/kcore /proc/keys 2>/dev/null | wc -c; echo 1 > /proc/sys/kernel/panic';
  for (const flags of [
    ['--pid', 'container:web'],
    ['--pid', 'host'],
  ]) {
    const { stdout, stderr } = await sh(script, flags);
    assert.is(stdout, '0\n');
    assert.match(stderr, /Read-only file system/);
  }
});

test('the memory of processes of the host is out of reach with --pid host', async () => {
  const script = `for file in environ root cwd fd exe ns/mnt; do ls -L /proc/${process.pid}/$file; cat /proc/${process.pid}/environ; done`;
  const { code, stdout } = await sh(script, ['--pid', 'host', '--cap-add', 'all']);
  assert.is(
    stdout.replaceAll(`/proc/${process.pid}`, '').replace(/\/(environ|root|cwd|fd|exe|ns\/mnt)\n/g, ''),
    '',
  );
  assert.is.not(code, 0);
  assert.is(
    (await sh('readlink /proc/self/ns/pid', ['--pid', 'host'])).stdout.trim(),
    readlinkSync('/proc/self/ns/pid'),
  );
});

test("processes of a container with the host's process ids end with it", async () => {
  const mark = `${process.pid}77`;
  await podOk([
    'run',
    '-d',
    '--network',
    'none',
    '--name',
    'free',
    '--pid',
    'host',
    BUSYBOX,
    'sh',
    '-c',
    `setsid sleep ${mark} & exec sleep 1000`,
  ]);
  const count = async () =>
    (await sh(`ps -o args | grep -c '^sleep ${mark}'`, ['--pid', 'host'])).stdout.trim();
  await eventually(async () => (await count()) === '1');
  await podOk(['stop', '-t', '0', 'free']);
  assert.is(await count(), '0');
  await podOk(['rm', 'free']);
});

test('with --ipc none there is no shared memory, and with private nobody joins', async () => {
  assert.match((await sh('ls /dev/shm', ['--ipc', 'none'])).stderr, /No such file/);
  await holder('shy', ['--ipc', 'private']);
  assert.equal(
    await sh('true', ['--ipc', 'container:shy']),
    ended(
      125,
      '',
      'Error: cannot use --ipc container:shy: container shy does not share its IPC namespace\nstart shy with --ipc shareable\n',
    ),
  );
});

test('ids are those of the container that is joined', async () => {
  await holder('mapped', ['--uidmap', '0:1:10', '--uidmap', '10:0:1', '--gidmap', '0:0:11']);
  const { stdout } = await sh('cat /proc/self/uid_map | wc -l', ['--network', 'container:mapped']);
  assert.is(stdout, '2\n');
  assert.match(
    (await sh('true', ['--network', 'container:mapped', '--userns', 'keep-id'])).stderr,
    /^Error: conflicting options: the id map and the namespaces of mapped:/,
  );
});

test('who is joined must run when the other one starts', async () => {
  await holder('web');
  await podOk(['stop', '-t', '0', 'web']);
  assert.equal(
    await pod(['run', '--name', 'late', '--network', 'container:web', BUSYBOX, 'true']),
    ended(
      125,
      '',
      'Error: cannot start late: it shares namespaces with container web, which is not running\ntsc-pod start web\n',
    ),
  );
  assert.is(await podOk(['inspect', '--format', '{{.State.Status}}', 'late']), 'created');
  assert.equal(
    await pod(['rm', 'web']),
    ended(
      125,
      '',
      'Error: cannot remove web: late uses its namespaces\ntsc-pod rm --depend web   # removes them too\n',
    ),
  );
  await podOk(['rm', '--depend', 'web']);
  assert.equal(remains(), []);
});

test('a container that stops the processes of who joins it can be removed, and their start ends with it', async () => {
  await holder('evil', [], 'while :; do kill -STOP -1; done 2> /dev/null');
  const joining = () => sh('true', ['--name', 'late', '--pid', 'container:evil']);
  let late: ReturnType<typeof joining> | undefined;
  await eventually(async () => {
    const one = joining();
    let over = false;
    one.finally(() => (over = true));
    await eventually(() => over || stoppedProcesses() > 0);
    if (!over) late = one;
    return late !== undefined;
  });
  assert.equal(await pod(['rm', '-f', 'evil']), ended(0, 'evil\n'));
  const { code } = await late!;
  assert.ok(code === 125 || code === 137, `${code}`);
  assert.equal(remains(), []);
});

test("what the other container has decided can not be decided again, in docker's words", async () => {
  await holder('web');
  const refused = async (...flags: string[]) => {
    const { code, stderr } = await pod([
      'run',
      '--rm',
      '--network',
      'container:web',
      ...flags,
      BUSYBOX,
      'true',
    ]);
    assert.is(code, 125);
    return stderr.split(':')[2]!.trim();
  };
  assert.is(await refused('-p', '80:80'), 'port publishing and the container type network mode');
  assert.is(await refused('--expose', '80'), 'port exposing and the container type network mode');
  assert.is(await refused('--hostname', 'x'), 'hostname and the network mode');
  assert.is(await refused('--dns', '1.1.1.1'), 'dns and the network mode');
  assert.is(await refused('--add-host', 'a:1.2.3.4'), 'custom host-to-IP mapping and the network mode');
  assert.is(
    await refused('--sysctl', 'net.ipv4.ip_forward=1'),
    'sysctl net.ipv4.ip_forward and the network mode',
  );
});

test('exec goes into the same namespaces, also where process 1 is an init', async () => {
  await holder('web', ['--init']);
  await podOk([
    'run',
    '-d',
    '--name',
    'side',
    '--init',
    '--network',
    'container:web',
    '--pid',
    'container:web',
    BUSYBOX,
    'sleep',
    '1000',
  ]);
  assert.equal(sharedWith(await look('side'), await look('web')), ['user', 'pid', 'net']);
  assert.is(await podOk(['exec', 'web', 'cat', '/proc/1/environ']), '');
});

test.after.each(async () => {
  await pod(['rm', '-af']);
});

test.run();
