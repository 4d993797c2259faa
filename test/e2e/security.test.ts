/** What a hostile image, or a process in a running container, tries. */
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { BUSYBOX, ended, run, sh } from './container-lab.ts';
import {
  binary,
  busyboxLayer,
  command,
  eventually,
  mirrorDockerHub,
  pod,
  podOk,
  startPod,
  startRegistry,
  type TarEntry,
  test,
} from './harness/index.ts';
import { sandbox } from './harness/sandbox.ts';

const outside = join(sandbox.work, 'outside');
mkdirSync(outside);
writeFileSync(join(outside, 'secret'), 'of the host\n');

const link = (name: string, target: string): TarEntry => ({ name, type: 'symlink', target });

test.before(async () => {
  const registry = await startRegistry();
  mirrorDockerHub(registry);
  const push = (name: string, entries: TarEntry[], config = {}) =>
    registry.push(`library/${name}:latest`, { layers: [[...busyboxLayer(), ...entries]], config });
  await push('linked-proc', [{ name: 'elsewhere' }, link('proc', '/elsewhere')]);
  await push('linked-sys', [{ name: 'elsewhere' }, link('sys', 'elsewhere')]);
  await push('linked-dev', [{ name: 'elsewhere' }, link('dev', '/elsewhere')]);
  const own = 'proc/sys/net/ipv4/ip_unprivileged_port_start';
  const files = Array.from({ length: 60 }, (_, fd) => link(`proc/self/fd/${fd}`, '/tmp'));
  await push('own-proc', [link('data', '/proc'), { name: own, content: '64' }, ...files], {
    Volumes: { '/data': {} },
  });
  await push('linked-root', [link('data', '/'), link('up', 'etc/../..')]);
});

/** `tsc-pod ARGS` by a shell that has left directories of the host open, beyond those that Node closes. */
function withOpenDirectories(args: string[]) {
  const script = 'cd "$1"; shift; exec 5<. 60<. 200<.; cd /; exec "$@"';
  return command(['bash', '-c', script, 'bash', outside, binary, ...args]);
}

test('no working directory leads out by a descriptor that the caller left open', async () => {
  const reveal = ['sh', '-c', 'cat secret; ls ..; ls /proc/self/fd'];
  for (const fd of [5, 60, 200]) {
    const ran = await withOpenDirectories([
      ...['run', '--rm', '--network', 'none', '-w', `/proc/self/fd/${fd}`, BUSYBOX, ...reveal],
    ]);
    assert.equal([ran.code, ran.stdout], [125, '']);
  }
  await podOk(['run', '-d', '--name', 'links', '--network', 'none', BUSYBOX, 'sleep', '60']);
  for (const fd of [3, 4, 5, 6, 7, 60, 200]) {
    await podOk(['exec', 'links', 'ln', '-sfn', `/proc/self/fd/${fd}`, '/way']);
    const ran = await withOpenDirectories(['exec', '-w', '/way', 'links', ...reveal]);
    assert.ok([126, 127].includes(ran.code!), `descriptor ${fd}: ${ran.stderr}`);
    assert.is(ran.stdout, '', `descriptor ${fd}`);
  }
  const listed = await withOpenDirectories(['exec', 'links', 'sh', '-c', 'echo /proc/$$/fd/*']);
  assert.not.match(listed.stdout, /fd\/(5|60|200)\b/);
  await podOk(['rm', '-f', 'links']);
});

test('a container cannot change a file that it is to read, nor leave a directory that it has as input', async () => {
  const input = join(outside, 'input');
  await podOk(['run', '-d', '--name', 'reader', '--network', 'none', BUSYBOX, 'sleep', '60']);
  const attack = 'cat; echo changed > /proc/self/fd/0; chmod 777 /proc/self/fd/0; cat /proc/self/fd/0/secret';
  for (const args of [
    ['run', '-i', '--rm', '--network', 'none', BUSYBOX],
    ['exec', '-i', 'reader'],
  ]) {
    writeFileSync(input, 'mine\n', { mode: 0o600 });
    const shell = (redirect: string) =>
      command(['bash', '-c', `exec "$@" ${redirect}`, 'bash', binary, ...args, 'sh', '-c', attack]);
    assert.is((await shell(`<${input}`)).stdout, 'mine\n');
    assert.is(readFileSync(input, 'utf8'), 'mine\n');
    assert.is(statSync(input).mode & 0o777, 0o600);
    assert.is((await shell(`<${outside}`)).stdout, '');
    const appending = 'echo changed > /proc/self/fd/1';
    const all = [binary, ...args, 'sh', '-c', appending];
    assert.is((await command(['bash', '-c', `exec "$@" >>${input}`, 'bash', ...all])).code, 0);
    assert.is(readFileSync(input, 'utf8'), 'mine\nchanged\n');
  }
  await podOk(['rm', '-f', 'reader']);
});

test("the caller's session keyring stays behind, even without the filter", async () => {
  const keeper = `
import ctypes, os, platform, sys
add_key, keyctl = (248, 250) if platform.machine() == "x86_64" else (217, 219)
call = ctypes.CDLL(None, use_errno=True).syscall
assert call(keyctl, 1, None) > 0
key = call(add_key, b"user", b"key-of-the-host", b"secret", 6, -3)
assert key > 0 and call(keyctl, 5, key, 0x3f000000) == 0
os.execvp(sys.argv[1], sys.argv[1:])`;
  const shows = (argv: string[]) => command(['/usr/bin/python3', '-c', keeper, ...argv]);
  assert.match((await shows(['cat', '/proc/keys'])).stdout, /key-of-the-host/);
  const open = ['--security-opt', 'seccomp=unconfined', '--security-opt', 'unmask=/proc/keys'];
  const ran = await shows([
    ...[binary, 'run', '--rm', '--network', 'none', ...open, BUSYBOX, 'cat', '/proc/keys'],
  ]);
  assert.is(ran.code, 0, ran.stderr);
  assert.not.match(ran.stdout, /key-of-the-host/);
});

test('an image with a link for /proc or /sys is refused', async () => {
  const refused = { 'linked-proc': 'proc on /proc', 'linked-sys': 'sysfs on /sys' };
  for (const [image, what] of Object.entries(refused)) {
    const ran = await run([image, 'true']);
    assert.is(ran.code, 125);
    assert.match(ran.stderr, `cannot mount ${what}: the image has a symbolic link there`);
  }
});

test('nothing is mounted over the root by a link that leads to it', async () => {
  for (const path of ['/data', '/up']) {
    const ran = await run(['-v', `${outside}:${path}`, 'linked-root', 'ls', '/..']);
    assert.is(ran.code, 125);
    assert.match(ran.stderr, `cannot mount on ${path}: links of the image lead from there to its root`);
  }
});

test('no volume of an image takes the place of /proc, nor of what is in it or /sys, by a link', async () => {
  const ran = await run(['own-proc', 'ls', '/proc', '/sys/firmware']);
  assert.is(ran.code, 125);
  assert.match(ran.stderr, 'cannot mount on /data: links of the image lead from there into /proc or /sys');
  await podOk([
    'run',
    '--name',
    'linked-sys',
    '--network',
    'none',
    BUSYBOX,
    'ln',
    '-s',
    '/sys/firmware',
    '/fw',
  ]);
  await podOk(['commit', '-q', 'linked-sys', 'linked-firmware']);
  assert.match(
    (await run(['--tmpfs', '/fw', 'linked-firmware', 'true'])).stderr,
    'lead from there into /proc or /sys',
  );
  await podOk(['rm', 'linked-sys']);
});

test('a path that is a link cannot be masked, and that is said', async () => {
  assert.match((await sh('true', ['--security-opt', 'mask=/proc/net'])).stderr, 'it is a symbolic link');
  assert.equal(
    await sh('cat /proc/cpuinfo; ls /etc', ['--security-opt', 'mask=/proc/cpuinfo:/etc']),
    ended(0),
  );
});

test('a volume in the place of /proc decides neither what is masked nor where a sysctl is written', async () => {
  const files =
    'mkdir -p self/fd acpi sys/net/ipv4; echo shown >acpi/x; echo 64 >sys/net/ipv4/ip_unprivileged_port_start; for n in $(seq 3 99); do ln -s /tmp self/fd/$n; done';
  assert.equal(await sh(`cd /made; ${files}`, ['-v', 'fake:/made']), ended(0));
  const look = ['sh', '-c', 'ls /proc/acpi; touch /tmp/x && echo written'];
  assert.equal(
    await pod(['run', '--rm', '--network', 'host', '-v', 'fake:/proc', BUSYBOX, ...look]),
    ended(0, 'written\n'),
  );
  const ran = await sh('true', ['-v', 'fake:/proc']);
  assert.match(ran.stderr, "ip_unprivileged_port_start is not the kernel's");
  assert.is(ran.code, 125);
  assert.equal(
    await sh('cat /made/sys/net/ipv4/ip_unprivileged_port_start', ['-v', 'fake:/made']),
    ended(0, '64\n'),
  );
  await podOk(['volume', 'rm', 'fake']);
});

test('exec ends when it is told to, whatever the container has for its terminals and its null device', async () => {
  const script = 'rm /dev; mkdir -p /dev/pts; mkfifo /dev/null /dev/pts/ptmx; echo ready; sleep 60';
  const flags = ['-d', '--name', 'pipes', '--network', 'none', '--log-driver', 'k8s-file'];
  await podOk(['run', ...flags, 'linked-dev', 'sh', '-c', script]);
  await eventually(async () => (await pod(['logs', 'pipes'])).stdout === 'ready\n');
  assert.equal(await pod(['exec', 'pipes', 'echo', 'hello']), ended(0, 'hello\n'));
  const child = startPod(['exec', '-t', 'pipes', 'true']);
  const end = new Promise((resolve) => child.on('close', (code, signal) => resolve(signal ?? code)));
  const early = await Promise.race([end, new Promise((resolve) => setTimeout(resolve, 700, 'waits'))]);
  if (early === 'waits') {
    child.kill('SIGTERM');
    assert.ok([143, 'SIGTERM', 125].includes((await end) as string | number)); // 125: it failed just then
  } else assert.is(early, 125);
  await podOk(['rm', '-f', 'pipes']);
});

test('exec --user waits for no pipe and follows no link out of the container', async () => {
  await podOk(['run', '-d', '--name', 'users', '--network', 'none', BUSYBOX, 'sleep', '60']);
  for (const trap of ['mkfifo /etc/passwd', `ln -s ${outside}/passwd /etc/passwd`]) {
    writeFileSync(join(outside, 'passwd'), 'stranger:x:77:77::/:\n');
    await podOk(['exec', 'users', 'sh', '-c', `rm -f /etc/passwd; ${trap}`]);
    const ran = await pod(['exec', '--user', 'stranger', 'users', 'id']);
    assert.equal([ran.code, ran.stdout], [125, '']);
    assert.match(ran.stderr, 'the image has no user "stranger"');
  }
  await podOk(['rm', '-f', 'users']);
});

test('process 1 of --init has nothing of the host, and can not be changed by root of the container', async () => {
  const script =
    'for name in exe cwd root; do readlink /proc/1/$name; done; cat /proc/1/environ; ls /proc/1/fd; tr "\\0" " " < /proc/1/cmdline; echo; grep -v -e memfd:tsc-pod -e "\\[" -e " 0 *$" /proc/1/maps; echo x > /proc/1/exe';
  const ran = await sh(script, ['--init', '--cap-add', 'ALL', '--security-opt', 'seccomp=unconfined'], {
    env: { SECRET_OF_THE_CALLER: 'it' },
  });
  assert.is(ran.stdout, '/memfd:tsc-pod (deleted)\n/\n/\ntsc-pod-init 2 \n');
  assert.match(
    ran.stderr,
    /can't create \/proc\/1\/exe: (Text file busy|Permission denied|Operation not permitted)/,
  );
});

test('messages cannot steer the terminal', async () => {
  assert.equal(
    await run([BUSYBOX, '\u001b]0;title\u0007']),
    ended(127, '', 'Error: executable "?]0;title?" not found in $PATH\n'),
  );
});

test('other users reach no volume, layer or image, though the data directory is open', async () => {
  const data = join(sandbox.work, 'open-data');
  mkdirSync(data, { mode: 0o755 });
  const env = { TSC_POD_ROOT: data };
  const ran = await pod(
    [...['run', '--rm', '--network', 'none', '-v', 'vol:/v', BUSYBOX], ...['chmod', '4755', '/v']],
    { env },
  );
  assert.equal(ran, ended(0));
  for (const name of ['volumes', 'layers', 'images', 'containers', 'trash', 'partial'])
    assert.is(statSync(join(data, name)).mode & 0o077, 0, name);
  await podOk(['unshare', 'rm', '-rf', data], { env });
  rmSync(data, { recursive: true, force: true });
});

test.run();
