import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { BUSYBOX, ended, remains, run, sh } from './container-lab.ts';
import { eventually, pod, podOk, test } from './harness/index.ts';
import { sandbox } from './harness/sandbox.ts';

const file = (name: string) => join(sandbox.work, name);

test("run gives the command's exit code and passes its two streams on apart", async () => {
  assert.equal(await sh('echo out; echo err >&2; exit 7'), ended(7, 'out\n', 'err\n'));
  assert.equal(await sh('exit 0'), ended(0));
  assert.equal(await sh('exit 255'), ended(255));
  assert.equal(remains(), []);
});

test('a command that is not there gives 127, one that cannot be executed 126', async () => {
  assert.equal(await run([BUSYBOX, 'nope']), ended(127, '', 'Error: executable "nope" not found in $PATH\n'));
  assert.equal(
    await run([BUSYBOX, '/no/such']),
    ended(127, '', 'Error: cannot execute /no/such: No such file or directory\n'),
  );
  assert.equal(
    await run([BUSYBOX, '/etc']),
    ended(126, '', 'Error: cannot execute /etc: Permission denied\n'),
  );
  assert.equal(
    await run([BUSYBOX, '/etc/passwd']),
    ended(126, '', 'Error: cannot execute /etc/passwd: Permission denied\n'),
  );
  writeFileSync(file('script'), '#!/no/interpreter\n', { mode: 0o755 });
  writeFileSync(file('garbage'), 'garbage', { mode: 0o755 });
  assert.equal(
    await run(['-v', `${file('script')}:/script`, BUSYBOX, '/script']),
    ended(127, '', 'Error: cannot execute /script: the interpreter or loader that it names does not exist\n'),
  );
  assert.equal(
    await run(['-v', `${file('garbage')}:/garbage`, BUSYBOX, '/garbage']),
    ended(
      126,
      '',
      'Error: cannot execute /garbage: exec format error (another architecture, or a script without #!)\n',
    ),
  );
  assert.equal(remains(), []);
});

test('what tsc-pod itself refuses gives 125 and says why', async () => {
  const refused: [string[], string][] = [
    [['--nope', BUSYBOX], "unknown flag: --nope\nSee 'tsc-pod run --help'."],
    [['BAD::x'], 'invalid image reference "BAD::x": a tag is up to 128 letters, digits and _ . -'],
    [
      ['--pull', 'never', 'missing-image'],
      'no such image: missing-image\ntsc-pod images   # lists all images',
    ],
    [
      ['--name', 'sp ace', BUSYBOX],
      '"sp ace" can\'t be the name of a container: a name begins with a letter or digit and goes on with letters, digits, "_", "." and "-"',
    ],
    [
      ['-v', 'relative', BUSYBOX],
      'cannot use -v relative: the path in the container, "relative", is not absolute\nfor example: -v /on/the/host:/in/the/container:ro',
    ],
    [['-v', '/no/such:/x', BUSYBOX], 'cannot mount /no/such on /x: it does not exist\nmkdir -p /no/such'],
    [
      ['-v', '/tmp:/x', '--tmpfs', '/x', BUSYBOX],
      'two mounts for /x: -v /tmp:/x and --tmpfs /x\ngive one of them',
    ],
    [
      ['--user', 'nobody-at-all', BUSYBOX],
      'the image has no user "nobody-at-all"\ngive a number, or a name of the image\'s /etc/passwd',
    ],
    [['--stop-signal', 'NOPE', BUSYBOX], 'unknown signal "NOPE"\nkill -l   # lists the names'],
  ];
  for (const [args, said] of refused) assert.equal(await run(args), ended(125, '', `Error: ${said}\n`));
  assert.equal(
    await run([]),
    ended(125, '', 'Error: "tsc-pod run" requires at least 1 argument\nSee \'tsc-pod run --help\'.\n'),
  );
  assert.equal(remains(), []);
});

test('a command that a signal ended gives 128 and its number', async () => {
  // Process 1 can't end itself by a signal, pid_namespaces(7); with --init the command isn't process 1.
  for (const [name, number] of Object.entries({ TERM: 15, KILL: 9, SEGV: 11, HUP: 1 }))
    assert.equal(await sh(`kill -${name} $$`, ['--init']), ended(128 + number));
});

test('a name that is taken is refused, and free again after rm', async () => {
  await podOk(['run', '--network', 'none', '--name', 'taken', BUSYBOX, 'true']);
  const id = await podOk(['inspect', '--format', '{{.Id}}', 'taken']);
  assert.equal(
    await pod(['run', '--network', 'none', '--name', 'taken', BUSYBOX, 'true']),
    ended(
      125,
      '',
      `Error: the name "taken" is taken: container ${id.slice(0, 12)} has it\ntsc-pod rm taken   # or choose another name\n`,
    ),
  );
  assert.equal(await pod(['rm', 'taken']), ended(0, 'taken\n'));
  assert.equal(await run(['--name', 'taken', BUSYBOX, 'true']), ended(0));
  assert.equal(remains(), []);
});

test('--cidfile has the id, refuses a file that is there and leaves none when nothing was made', async () => {
  const path = file('cid');
  const id = await podOk(['run', '-d', '--network', 'none', '--cidfile', path, BUSYBOX, 'true']);
  assert.equal(readFileSync(path, 'utf8'), id);
  assert.equal(
    await run(['--cidfile', path, BUSYBOX, 'true']),
    ended(
      125,
      '',
      `Error: cannot write the container's id to ${path}: the file exists: another container may run with it\nrm ${path}   # or choose another file\n`,
    ),
  );
  assert.equal(readFileSync(path, 'utf8'), id);
  rmSync(path);
  assert.equal((await run(['--cidfile', path, '--user', 'nobody-at-all', BUSYBOX])).code, 125);
  assert.equal((await run(['--cidfile', path, '--dry-run', BUSYBOX, 'true'])).code, 0);
  assert.not.ok(existsSync(path));
  await podOk(['rm', id]);
});

test('--pidfile has the number of the first process as the host sees it', async () => {
  const id = await podOk(['run', '-d', '--network', 'none', '--pidfile', 'pid', BUSYBOX, 'sleep', '100']);
  const pid = readFileSync(file('pid'), 'utf8');
  assert.equal(await podOk(['inspect', '--format', '{{.State.Pid}}', id]), pid);
  assert.equal(readFileSync(`/proc/${pid}/cmdline`, 'utf8'), 'sleep\x00100\x00');
  await podOk(['rm', '-f', id]);
});

test("--entrypoint takes the place of the image's, alone or as a JSON array", async () => {
  assert.equal(await run(['--entrypoint', 'echo', BUSYBOX, 'a', 'b']), ended(0, 'a b\n'));
  assert.equal(await run(['--entrypoint', '["echo","x y"]', BUSYBOX, 'z']), ended(0, 'x y z\n'));
});

test('-w is where the command starts; it is made if it is missing', async () => {
  assert.equal(await run(['-w', '/etc', BUSYBOX, 'pwd']), ended(0, '/etc\n'));
  assert.equal(await run(['-w', '/new/deep', BUSYBOX, 'pwd']), ended(0, '/new/deep\n'));
  assert.equal(
    await run(['-w', '/etc/passwd', BUSYBOX, 'pwd']),
    ended(126, '', 'Error: cannot enter the working directory /etc/passwd: Not a directory\n'),
  );
});

test('the environment has the defaults, then the env file, then -e', async () => {
  writeFileSync(file('env'), '# comment\nA=1\n  B=two words\nFROM_CALLER\nUNSET\n\nC=c=c\n');
  const flags = ['--hostname', 'h', '-e', 'A=3', '-e', 'EMPTY=', '-e', 'CALLER', '-e', 'NOT_THERE'];
  const ran = await run(['--env-file', file('env'), ...flags, BUSYBOX, 'env'], {
    env: { CALLER: 'x', FROM_CALLER: 'y' },
  });
  assert.equal(
    { ...ran, stdout: ran.stdout.split('\n').sort() },
    {
      ...ended(0),
      stdout: [
        '',
        'A=3',
        'B=two words',
        'C=c=c',
        'CALLER=x',
        'EMPTY=',
        'FROM_CALLER=y',
        'HOME=/root',
        'HOSTNAME=h',
        'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      ],
    },
  );
});

test("what is meant for the container or for other programs doesn't reach tsc-pod itself", async () => {
  const root = file('other-root');
  writeFileSync(file('env'), `TSC_POD_ROOT=${root}\n`);
  assert.equal(
    await run(['--env-file', file('env'), BUSYBOX, 'sh', '-c', 'echo $TSC_POD_ROOT $NODE_OPTIONS'], {
      env: { NODE_OPTIONS: '--no-such-option' },
    }),
    ended(0, `${root}\n`),
  );
  assert.not.ok(existsSync(root));
  const missing = await run(['--env-file', '/no/such', BUSYBOX, 'true']);
  assert.equal([missing.code, missing.stdout], [125, '']);
  assert.match(missing.stderr, /^Error: cannot read the env file \/no\/such: /);
});

test('--label and --annotation can be read back', async () => {
  writeFileSync(file('labels'), 'from=file\nboth=file\n');
  const flags = ['--label', 'a=1', '--label', 'b', '--label', 'both=flag', '--label-file', file('labels')];
  const id = await podOk([
    ...['run', '-d', '--network', 'none', '--annotation', 'note=x', ...flags],
    ...[BUSYBOX, 'true'],
  ]);
  assert.equal(JSON.parse(await podOk(['inspect', '--format', '{{json .Config.Labels}}', id])), {
    a: '1',
    b: '',
    both: 'flag',
    from: 'file',
  });
  assert.equal(await podOk(['ps', '-aq', '--no-trunc', '--filter', 'label=a=1']), id);
  assert.equal(await podOk(['ps', '-aq', '--no-trunc', '--filter', 'label=a=2']), '');
  await podOk(['rm', id]);
});

test('--hostname and --add-host are in the files that name things', async () => {
  const ran = await sh(
    'hostname; cat /etc/hostname; grep -c "^1.2.3.4.*db$" /etc/hosts; grep -c "^127.0.0.1.*localhost" /etc/hosts',
    ['--hostname', 'box', '--add-host', 'db:1.2.3.4'],
  );
  assert.equal(ran, ended(0, 'box\nbox\n1\n1\n'));
  const id = await podOk(['run', '-d', '--network', 'none', BUSYBOX, 'hostname']);
  await podOk(['wait', id]);
  assert.equal(await podOk(['logs', id]), id.slice(0, 12));
  await podOk(['rm', id]);
});

test('--read-only forbids writing but into --tmpfs and /dev/shm', async () => {
  const script =
    'touch /x 2>/dev/null && echo wrote /; touch /etc/x 2>/dev/null && echo wrote /etc; touch /t/x /dev/shm/x && echo ok';
  assert.equal(await sh(script, ['--read-only', '--tmpfs', '/t']), ended(0, 'ok\n'));
});

test('--tmpfs takes a size, a mode and exec', async () => {
  assert.equal(
    await sh(
      'stat -c %a /t; df -k /t | tail -1 | awk "{print \\$2}"; cp /bin/busybox /t/echo; /t/echo ran; stat -c %a /u; cp /bin/busybox /u/echo; /u/echo ran',
      ['--tmpfs', '/t:size=4m,mode=700,exec', '--tmpfs', '/u'],
    ),
    ended(126, '700\n4096\nran\n1777\n', 'sh: /u/echo: Permission denied\n'),
  );
});

test('--init puts a process 1 before the command that reaps what is orphaned', async () => {
  const script =
    'echo $$ $(cat /proc/1/comm); (sleep 0.1 &); while pidof sleep >/dev/null; do :; done; ps -o stat | grep -c Z; exit 3';
  const ran = await sh(script, ['--init']);
  assert.equal({ ...ran, stdout: ran.stdout.replace(/^\d+ /, 'N ') }, ended(3, 'N tsc-pod-init\n0\n'));
  assert.equal(await sh('echo $$'), ended(0, '1\n'));
});

test('--ulimit sets the limits, and says how when it can not', async () => {
  assert.equal(
    await sh('ulimit -n; ulimit -Hn; ulimit -c', ['--ulimit', 'nofile=100:200', '--ulimit', 'core=0']),
    ended(0, '100\n200\n0\n'),
  );
  const high = await run(['--ulimit', 'nofile=2000000000', BUSYBOX, 'true']);
  assert.is(high.code, 125);
  assert.match(high.stderr, /^Error: .*\n.*limits/);
  assert.equal((await run(['--ulimit', 'nope=1', BUSYBOX, 'true'])).code, 125);
});

test('--sysctl sets what belongs to a namespace and refuses the rest', async () => {
  assert.equal(
    await sh('cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/msgmax', [
      ...['--sysctl', 'net.ipv4.ip_forward=1', '--sysctl', 'kernel.msgmax=4096'],
    ]),
    ended(0, '1\n4096\n'),
  );
  const refused = await run(['--sysctl', 'kernel.panic=1', BUSYBOX, 'true']);
  assert.equal([refused.code, refused.stdout], [125, '']);
  assert.match(refused.stderr, /kernel\.panic/);
});

test('--shm-size is the size of /dev/shm', async () => {
  const df = 'df -k /dev/shm | tail -1 | awk "{print \\$2}"';
  assert.equal(await sh(df, ['--shm-size', '3m']), ended(0, '3072\n'));
  assert.equal(await sh(df), ended(0, '65536\n'));
});

test("--ipc, --uts and --network host are the host's own", async () => {
  const space = (kind: string) => readlinkSync(`/proc/self/ns/${kind}`);
  assert.equal(
    await sh('for k in ipc uts net; do readlink /proc/self/ns/$k; done; test -d /dev/shm', [
      ...['--ipc', 'host', '--uts', 'host', '--network', 'host'],
    ]),
    ended(0, `${space('ipc')}\n${space('uts')}\n${space('net')}\n`),
  );
});

test('--umask and the default umask', async () => {
  assert.equal(await sh('umask'), ended(0, '0022\n'));
  assert.equal(await sh('umask', ['--umask', '0077']), ended(0, '0077\n'));
});

test("what a container sees is the same whatever the caller's umask", async () => {
  const before = process.umask(0o077);
  try {
    const seen = 'stat -c "%a %n" / /etc/hosts /etc/resolv.conf /etc/hostname /of /of/volume';
    const modes = '755 /\n644 /etc/hosts\n644 /etc/resolv.conf\n644 /etc/hostname\n755 /of\n755 /of/volume\n';
    const volume = ['-v', 'masked:/of/volume'];
    assert.equal(await sh(seen, ['--user', '1000', ...volume]), ended(0, modes));
    await podOk(['create', '--name', 'masked', ...volume, BUSYBOX, 'sh', '-c', seen]);
    await podOk(['cp', '/etc/passwd', 'masked:/tmp/passwd']); // makes the mount points before there is a start
    assert.equal(await pod(['start', '-a', 'masked']), ended(0, modes));
    await podOk(['rm', 'masked']);
    await podOk(['volume', 'rm', 'masked']);
  } finally {
    process.umask(before);
  }
});

test('--dry-run prints the plan and leaves nothing', async () => {
  const ran = await run(['--name', 'dry', '--dry-run', BUSYBOX, 'echo', 'a b']);
  assert.equal([ran.code, ran.stderr], [0, '']);
  assert.match(ran.stdout, /^plan 1 run\n/);
  assert.match(ran.stdout, /\nexec echo a\\040b\n$/);
  assert.equal(remains(), []);
});

test('twenty at once all run, and nothing is left', async () => {
  const all = await Promise.all(Array.from({ length: 20 }, (_, n) => sh(`echo ${n}`)));
  assert.equal(
    all,
    all.map((_, n) => ended(0, `${n}\n`)),
  );
  assert.equal(remains(), []);
});

test('of two with one name at once, one runs', async () => {
  const both = await Promise.all(
    [1, 2].map(() => pod(['run', '-d', '--network', 'none', '--name', 'twin', BUSYBOX, 'sleep', '100'])),
  );
  assert.equal(both.map(({ code }) => code).sort(), [0, 125]);
  assert.match(both.find(({ code }) => code === 125)!.stderr, /^Error: the name "twin" is taken/);
  assert.equal(await podOk(['ps', '--format', '{{.Names}}']), 'twin');
  assert.equal(await podOk(['rm', '-f', 'twin']), 'twin');
  await eventually(() => remains().length === 0);
});

test('a HOME that cannot be written is said', async () => {
  const home = file('home');
  mkdirSync(home);
  chmodSync(home, 0o500);
  const ran = await run([BUSYBOX, 'true'], { env: { TSC_POD_ROOT: undefined, HOME: home } });
  assert.is(ran.code, 125);
  assert.match(ran.stderr, /^Error: cannot [^\n]*: (permission denied|it can't be)/);
  assert.ok(statSync(home).isDirectory());
});

test.run();
