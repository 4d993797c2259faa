/** The mount option `idmap`: files of the host and of volumes, shown with other owners. */
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { BUSYBOX, ended, run, sh } from './container-lab.ts';
import { binary, command, eventually, pod, podOk, sandbox, test } from './harness/index.ts';

const UID = process.getuid!();
const GID = process.getgid!();
/** What the user owns is root's in the container, or another's there. */
const as = (id: number) => `idmap=uids=@${UID}-${id}-1;gids=@${GID}-${id}-1`;
const owners = 'cd /m; stat -c "%n %u:%g" * | sort';

process.umask(0o022);
let count = 0;
function directory(files: Record<string, string> = { file: 'text' }): string {
  const path = join(sandbox.work, `idmap${count++}`);
  mkdirSync(join(path, 'sub'), { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text);
  return path;
}

const start = (name: string, mount: string, ...command: string[]): Promise<string> =>
  podOk(['run', '-d', '--name', name, '--network', 'none', '-v', mount, BUSYBOX, ...command]);

/** The processes that serve such mounts, of this user's. One that has ended may wait for init to notice. */
function servers(): string[] {
  return readdirSync('/proc').filter((pid) => {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      const uid = /^Uid:\t(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
      return /^\d+ \(idmap\) [^ZX]/.test(stat) && uid === String(UID);
    } catch {
      return false;
    }
  });
}

/** What is in a directory of the host: names, modes and owners, but of what is made by nobody's wish. */
const onHost = (path: string) =>
  readdirSync(path)
    .sort()
    .map((name) => {
      const { mode, uid, gid } = statSync(join(path, name));
      return `${name} ${(mode & 0o7777).toString(8)} ${uid === UID ? 'me' : uid}:${gid === GID ? 'us' : gid}`;
    });

test('without a value numbers are the same on both sides', async () => {
  const source = directory();
  const flags = ['-v', `${source}:/m:idmap`];
  assert.equal(await sh(owners, flags), ended(0, `file ${UID}:${GID}\nsub ${UID}:${GID}\n`));
  const make = 'umask 022; echo new >/m/new; mkdir /m/dir';
  assert.equal(await sh(make, [...flags, '--user', `${UID}:${GID}`]), ended(0));
  assert.equal(await sh('rm /m/new', [...flags, '--userns', 'keep-id']), ended(0));
  assert.equal(onHost(source), ['dir 755 me:us', 'file 644 me:us', 'sub 755 me:us']);
});

test('who has no id on disk makes nothing and gives nothing away, and leaves nothing half-made', async () => {
  const source = directory();
  const ran = await sh(
    'for c in "mkdir /m/d" "touch /m/f" "chown 5 /m/file" "ln -s x /m/l"; do $c; done 2>&1',
    [...['-v', `${source}:/m:idmap`]],
  );
  const lines = ran.stdout.trimEnd().split('\n');
  assert.is(lines.length, 4);
  for (const line of lines) assert.match(line, /Value too large/);
  assert.equal(onHost(source), ['file 644 me:us', 'sub 755 me:us']);
});

test('ranges of ids: what is made and given away belongs to whom they say', async () => {
  const source = directory();
  const flags = ['-v', `${source}:/m:${as(33)}`, '--user', '33:33'];
  const script =
    'umask 027; mkdir /m/dir; echo 1 >/m/dir/in; ln /m/dir/in /m/hard; ln -s in /m/dir/soft; chmod 640 /m/file';
  assert.equal(
    await sh(`${script}; ${owners}`, flags),
    ended(0, 'dir 33:33\nfile 33:33\nhard 33:33\nsub 33:33\n'),
  );
  assert.equal(onHost(source), ['dir 750 me:us', 'file 640 me:us', 'hard 640 me:us', 'sub 755 me:us']);
});

test('with --uidmap, too; one file, a volume and a part of it', async () => {
  const source = directory();
  const map = ['--uidmap', '0:1:100', '--uidmap', '100:0:1', '--gidmap', '0:1:100', '--gidmap', '100:0:1'];
  const own = `idmap=uids=${UID}-0-1;gids=@${GID}-7-1`;
  assert.equal(await sh(owners, [...map, '-v', `${source}:/m:${own}`]), ended(0, 'file 100:7\nsub 100:7\n'));
  assert.equal(
    await sh('echo more >>/one; cat /one; stat -c %u:%g /one', ['-v', `${source}/file:/one:${as(0)}`]),
    ended(0, 'textmore\n0:0\n'),
  );
  assert.equal(await sh('mkdir /v/part; echo 1 >/v/part/f', ['-v', 'mapped:/v']), ended(0));
  const part = `type=volume,src=mapped,dst=/m,subpath=part,"${as(9)}"`;
  assert.equal(await sh(owners, ['--mount', part]), ended(0, 'f 9:9\n'));
  await podOk(['volume', 'rm', 'mapped']);
});

test('read-only is so for whoever may remount it', async () => {
  const source = directory();
  const flags = [
    '--cap-add',
    'SYS_ADMIN',
    '--security-opt',
    'seccomp=unconfined',
    '-v',
    `${source}:/m:ro,${as(0)}`,
  ];
  const script =
    'mount -o remount,rw,bind /m 2>/dev/null; for c in "touch /m/f" "rm /m/file" "chmod 0 /m/file" "mv /m/sub /m/t"; do $c; done 2>&1';
  const ran = await sh(script, flags);
  assert.is(ran.stdout.split('Read-only file system').length, 5, ran.stdout);
  assert.equal(onHost(source), ['file 644 me:us', 'sub 755 me:us']);
});

test('what the host changes is seen, and a link swapped in leads nowhere but in the container', async () => {
  const source = directory({ file: 'text', 'sub/in': 'inside' });
  const outside = directory({ secret: 'outside' });
  const name = 'seen';
  const wait = 'cd /m/sub; ls /m >/dev/null; touch /m/ready; while ! [ -e /m/go ]; do :; done';
  const script = `${wait}; cat /m/file in; cat secret /m/sub/secret 2>&1 | grep -c "No such"; cat "${outside}/secret" 2>&1 | grep -c "No such"`;
  await start(name, `${source}:/m:${as(0)}`, 'sh', '-c', script);
  await eventually(() => readdirSync(source).includes('ready'));
  writeFileSync(join(source, 'file'), 'longer than it was; ');
  renameSync(join(source, 'sub'), join(source, 'old'));
  symlinkSync(outside, join(source, 'sub'));
  writeFileSync(join(source, 'go'), '');
  assert.is(await podOk(['wait', name]), '0');
  assert.equal(await pod(['logs', name]), ended(0, 'longer than it was; inside2\n1\n'));
  await podOk(['rm', name]);
});

test('a tree may have more files than a process may have open; what has become another file meanwhile is found anew', async () => {
  const files = Object.fromEntries(Array.from({ length: 500 }, (_, at) => [`f${at}`, `${at} `]));
  const source = directory(files);
  const script = [
    'cd /m; exec 3>>f7 4<f8; rm f8; mv f9 moved; stat -c %u f* moved | sort -u',
    'cat f1 f499 moved; cat <&4; echo again >&3; cat f7; stat -c %s -L /proc/self/fd/3; chmod 600 f* moved && ls -l | grep -c rw------',
  ].join('; ');
  const line = [
    'run',
    '--rm',
    '--network',
    'none',
    '-v',
    `${source}:/m:${as(0)}`,
    BUSYBOX,
    'sh',
    '-c',
    script,
  ];
  const ran = await command(['prlimit', '--nofile=256:256', binary, ...line]);
  assert.equal(ran, ended(0, '0\n1 499 9 8 7 again\n8\n499\n'));
  assert.is(readFileSync(join(source, 'f7'), 'utf8'), '7 again\n');
});

test('it is what inspect, volumes-from, cp and a restart find, and it ends with the container, even killed', async () => {
  const source = directory();
  const word = as(33);
  await start('kept', `${source}:/m:${word}`, 'sleep', '1000');
  assert.is(servers().length > 0, true);
  const options = await podOk(['inspect', '--format', '{{(index .Mounts 0).Options}}', 'kept']);
  assert.is(options, `[rbind ${word} rprivate]`);
  assert.equal(await sh(owners, ['--volumes-from', 'kept']), ended(0, 'file 33:33\nsub 33:33\n'));
  await podOk(['restart', '-t', '0', 'kept']);
  assert.is(await podOk(['exec', 'kept', 'stat', '-c', '%u', '/m/file']), '33');
  const monitor = Number(await podOk(['inspect', '-f', '{{.State.ConmonPid}}', 'kept']));
  process.kill(monitor, 'SIGKILL');
  await eventually(() => servers().length === 0);
  await podOk(['cp', 'kept:/m/file', join(source, 'copied')]);
  await podOk(['rm', '-f', 'kept']);
  assert.is(readFileSync(join(source, 'copied'), 'utf8'), 'text');
  await eventually(() => servers().length === 0);
});

test('whoever sees all processes of the host can look into none of those that serve', async () => {
  const look =
    'for p in /proc/[0-9]*; do grep -qx idmap $p/comm 2>/dev/null && { ls $p/fd; ls $p/root/; } 2>&1; done; true';
  const flags = ['--pid', 'host', '--cap-add', 'SYS_PTRACE', '-v', `${directory()}:/m:${as(0)}`];
  const ran = await sh(look, flags);
  const lines = ran.stdout.trimEnd().split('\n');
  assert.ok(lines.length >= 2, ran.stdout);
  for (const line of lines) assert.match(line, /Permission denied|No such file/);
});

test('what cannot be is refused', async () => {
  const source = directory();
  const cases: [string[], string][] = [
    [['-v', `${source}:/m:idmap=x`], `-v ${source}:/m:idmap=x: idmap: "x" is neither uids= nor gids=`],
    [['-v', `${source}:/m:idmap,O`], `-v ${source}:/m:idmap,O: idmap and O exclude each other`],
    [['-v', `${source}:/m:idmap,U`], `-v ${source}:/m:idmap,U: idmap and U exclude each other`],
    [
      ['-v', `${source}:/m:idmap=uids=0-0-1`],
      `-v ${source}:/m:idmap=uids=0-0-1: idmap: uids 0-0-1: the ids 0 to 0 of the host are not all among those that the container has`,
    ],
    [
      ['--mount', `type=volume,src=inmem,dst=/m,volume-opt=type=tmpfs,idmap`],
      "--mount type=volume,src=inmem,dst=/m,volume-opt=type=tmpfs,idmap: idmap: the volume inmem is a tmpfs, whose files are the container's",
    ],
  ];
  for (const [flags, why] of cases) {
    const ran = await run([...flags, BUSYBOX, 'true']);
    assert.is(ran.code, 125);
    assert.is(ran.stderr.split('\n')[0], `Error: cannot use ${why}`);
  }
});

test.run();
