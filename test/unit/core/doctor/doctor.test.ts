import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Check, type DoctorHost, kernelAtLeast, mountOf } from '../../../../core/doctor/check.ts';
import { devices, overlay, programs } from '../../../../core/doctor/devices.ts';
import { idHelpers, idRanges } from '../../../../core/doctor/ids.ts';
import { kernelVersion, seccompFilters } from '../../../../core/doctor/kernel.ts';
import { limitsCheck } from '../../../../core/doctor/limits.ts';
import { pasta, publishedPorts } from '../../../../core/doctor/networks.ts';
import { dataDirectory, linger, runtimeDirectory } from '../../../../core/doctor/places.ts';
import { apparmorProfile, userNamespaces } from '../../../../core/doctor/user-namespaces.ts';
import type { IdMaps } from '../../../../rootless/id-map.ts';

const maps: IdMaps = {
  uid: [
    { container: 0, host: 1000, size: 1 },
    { container: 1, host: 100000, size: 65536 },
  ],
  gid: [
    { container: 0, host: 1000, size: 1 },
    { container: 1, host: 100000, size: 65536 },
  ],
  helpers: { newuidmap: '/usr/bin/newuidmap', newgidmap: '/usr/bin/newgidmap' },
  oneIdOnly: false,
};
const mountinfo = (options: string, at = '/home') =>
  `22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n23 22 8:2 / ${at} ${options} shared:2 - ext4 /dev/sda2 rw\n`;

/** A healthy system, and what is different about it. */
function system(other: Partial<DoctorHost> = {}, files: Record<string, string> = {}): DoctorHost {
  const all: Record<string, string> = {
    '/proc/sys/user/max_user_namespaces': '28633\n',
    '/proc/self/mountinfo': mountinfo('rw,relatime'),
    '/proc/sys/kernel/seccomp/actions_avail': 'kill_process errno allow\n',
    ...files,
  };
  return {
    user: { uid: 1000, gid: 1000, name: 'ann' },
    env: { XDG_RUNTIME_DIR: '/run/user/1000' },
    dataRoot: '/home/ann/.local/share/tsc-pod',
    release: '6.1.0-28-amd64',
    maps,
    read: (path) => all[path],
    open: () => undefined,
    stat: (path) =>
      path.startsWith('/usr/bin/new')
        ? { mode: 0o104755, uid: 0 }
        : path === '/run/user/1000'
          ? { mode: 0o40700, uid: 1000 }
          : undefined,
    find: (program) => `/usr/bin/${program}`,
    output: ([path, flag]) =>
      flag === '--version' ? `${path?.split('/').at(-1)} version 1.2.0\n` : undefined,
    space: () => ({ bytes: 50 * 1024 ** 3, inodes: 1e6, kind: 'ext4' }),
    enter: () => undefined,
    overlay: async () => undefined,
    ...other,
  };
}

const said = (check: Check) => `${check.status}: ${check.detail}${check.fix ? ` | ${check.fix}` : ''}`;

test('a healthy system has nothing to mend', async () => {
  const host = system();
  const checks = [
    kernelVersion(host),
    dataDirectory(host),
    runtimeDirectory(host),
    userNamespaces(host),
    idRanges(host),
    idHelpers(host),
    await overlay(host),
    ...devices(host),
    ...programs(host),
    pasta(host),
    publishedPorts(host),
    seccompFilters(host),
    linger(host),
  ];
  for (const check of checks) assert.is(check.status, 'ok', said(check));
  assert.ok(checks.every(({ fix }) => fix === undefined));
});

test('an old kernel and one without filters fail', () => {
  assert.is(
    said(kernelVersion(system({ release: '5.10.0-32-amd64' }))),
    'fail: Linux 5.10.0-32-amd64: 5.12 or newer is needed',
  );
  assert.is(seccompFilters(system({}, { '/proc/sys/kernel/seccomp/actions_avail': '' })).status, 'fail');
  assert.is(kernelAtLeast('6.0', 5, 12), true);
  assert.is(kernelAtLeast('5.12-rc1', 5, 12), true);
  assert.is(kernelAtLeast('4.19.0', 5, 12), false);
});

test('each way to forbid user namespaces is named', () => {
  const off = userNamespaces(system({}, { '/proc/sys/user/max_user_namespaces': '0\n' }));
  assert.match(said(off), 'fail: user.max_user_namespaces is 0 | echo user.max_user_namespaces=28633');
  const debian = userNamespaces(system({}, { '/proc/sys/kernel/unprivileged_userns_clone': '0\n' }));
  assert.match(said(debian), 'kernel.unprivileged_userns_clone=1');
  const denied = { enter: () => 'cannot make a user namespace: Permission denied' };
  assert.is(said(userNamespaces(system(denied))), 'fail: cannot make a user namespace: Permission denied');
  const ubuntu = userNamespaces(
    system(denied, { '/proc/sys/kernel/apparmor_restrict_unprivileged_userns': '1\n' }),
  );
  assert.match(
    ubuntu.fix ?? '',
    'profile tsc-pod-1000 "/home/ann/.local/share/tsc-pod/libexec/*/launcher" flags=(unconfined)',
  );
  assert.match(ubuntu.fix ?? '', 'sudo apparmor_parser -r /etc/apparmor.d/tsc-pod-1000');
});

test("the profile's path is quoted for AppArmor", () => {
  assert.match(
    apparmorProfile(system({ dataRoot: '/home/a*b"c' })),
    'profile tsc-pod-1000 "/home/a\\*b\\"c/libexec/*/launcher"',
  );
});

test('one id is less, not nothing', () => {
  const one = {
    ...maps,
    oneIdOnly: true,
    helpers: undefined,
    reason: '/etc/subuid has no range for ann',
    fix: 'sudo usermod …',
  };
  assert.match(
    said(idRanges(system({ maps: one }))),
    /^warn: \/etc\/subuid has no range for ann; .* \| sudo usermod …$/,
  );
  const few = { ...maps, uid: maps.uid.map((range) => ({ ...range, size: Math.min(range.size, 1000) })) };
  assert.is(said(idRanges(system({ maps: few }))).startsWith('warn: 1001 users, 65537 groups'), true);
});

test('newuidmap must be there, privileged, and work', () => {
  assert.match(said(idHelpers(system({ find: () => undefined }))), 'warn: newuidmap is not installed');
  const plain = { stat: () => ({ mode: 0o100755, uid: 0 }) };
  assert.match(said(idHelpers(system(plain))), 'fail: /usr/bin/newuidmap has lost its privilege');
  const capable = {
    ...plain,
    output: (argv: string[]) =>
      `${argv[1]} cap_setuid,cap_setgid=ep\n`.replace(
        'cap_setuid,',
        argv[1]?.includes('uid') ? 'cap_setuid=' : '',
      ),
  };
  assert.is(idHelpers(system(capable)).status, 'ok');
  const nosuid = idHelpers(system({}, { '/proc/self/mountinfo': mountinfo('rw,nosuid', '/usr') }));
  assert.match(said(nosuid), 'mounted nosuid | sudo mount -o remount,suid');
  assert.is(said(idHelpers(system({ enter: () => 'newuidmap failed' }))), 'fail: newuidmap failed');
});

test('devices that are missing or shut are told apart', () => {
  const check = (error: string) => devices(system({ open: () => error })).map(({ fix }) => fix);
  assert.equal(check('ENOENT'), ['sudo modprobe fuse', 'sudo modprobe tun']);
  assert.equal(check('EACCES'), ['sudo chmod 0666 /dev/fuse', 'sudo chmod 0666 /dev/net/tun']);
});

test('programs are named with their package and version', () => {
  assert.match(
    said(programs(system({ find: () => undefined }))[1]!),
    'warn: not installed; needed for networks',
  );
  assert.is(programs(system())[0]?.detail, '1.2.0, /usr/bin/fuse-overlayfs');
});

test('what pasta is there, and which ports can be published', () => {
  const saying = (version: string, help?: string) =>
    pasta(system({ output: ([, flag]) => (flag === '--help' ? help : version) })).detail;
  assert.is(saying('pasta 0.0~git20240906.6b38f07-1\n'), '20240906, /usr/bin/pasta');
  assert.is(saying('pasta 2025_02_17.a1e48a0\n'), '2025_02_17, /usr/bin/pasta');
  assert.is(saying('pasta unknown version\n', 'Usage: …\n  --map-host-loopback ADDR …\n'), '/usr/bin/pasta');
  assert.match(saying('pasta unknown version\n'), /of 2023: clients .* have to speak first/);
  assert.is(
    said(pasta(system({ find: () => undefined }))),
    'ok: not installed; only --network pasta needs it (package passt)',
  );
  const start = '/proc/sys/net/ipv4/ip_unprivileged_port_start';
  assert.is(
    publishedPorts(system({}, { [start]: '1024\n' })).detail,
    "from 1024 on (for lower ones: sudo sysctl net.ipv4.ip_unprivileged_port_start=80); the container sees the client's address",
  );
  assert.is(
    publishedPorts(system({}, { [start]: '0\n' })).detail,
    "all; the container sees the client's address",
  );
});

test('without overlay a slower way is told', async () => {
  const check = await overlay(system({ overlay: async () => 'Operation not permitted' }));
  assert.match(said(check), 'warn: Operation not permitted; root file systems are made by fuse-overlayfs');
});

test('a data directory that can not execute, be written or be filled is told', () => {
  const on = (options: string) => dataDirectory(system({}, { '/proc/self/mountinfo': mountinfo(options) }));
  assert.match(
    said(on('rw,noexec')),
    'fail: /home/ann/.local/share/tsc-pod is on a file system mounted noexec',
  );
  assert.is(on('ro').status, 'fail');
  const space = (bytes: number, inodes: number) =>
    dataDirectory(system({ space: () => ({ bytes, inodes, kind: 'ext4' }) }));
  assert.match(said(space(1e8, 1e6)), 'warn: /home/ann/.local/share/tsc-pod: 0.1 GiB free on ext4');
  assert.match(said(space(1e12, 5)), '5 inodes free');
});

test('the mount of a path is the longest that holds it, with its odd names', () => {
  const text = `${mountinfo('rw')}24 22 8:3 / /home/a\\040b rw,noexec - xfs /dev/sdc rw\n25 22 8:3 / /homes ro - xfs /dev/sdc rw\n`;
  const host = system({}, { '/proc/self/mountinfo': text });
  assert.is(mountOf(host, '/home/a b/c')?.type, 'xfs');
  assert.equal(mountOf(host, '/home/x')?.options, ['rw']);
  assert.equal(mountOf(host, '/etc')?.options, ['rw', 'relatime']);
});

test('the runtime directory must be the user’s own', () => {
  const at = (env: Record<string, string>, stat: DoctorHost['stat']) =>
    runtimeDirectory(system({ env, stat }));
  assert.match(
    said(at({}, () => ({ mode: 0o40700, uid: 1000 }))),
    'warn: not set: .* | export XDG_RUNTIME_DIR=/run/user/1000'.slice(0, 14),
  );
  assert.is(at({ XDG_RUNTIME_DIR: '/x' }, () => undefined).status, 'fail');
  assert.is(at({ XDG_RUNTIME_DIR: '/x' }, () => ({ mode: 0o40700, uid: 0 })).status, 'fail');
  assert.is(at({ XDG_RUNTIME_DIR: '/x' }, () => ({ mode: 0o40755, uid: 1000 })).status, 'warn');
});

test('lingering matters where systemd is', () => {
  const there = (paths: string[]) =>
    linger(system({ stat: (path) => (paths.includes(path) ? { mode: 0, uid: 0 } : undefined) }));
  assert.match(said(there(['/run/systemd/system'])), 'warn: off: .*'.slice(0, 9));
  assert.is(there(['/run/systemd/system', '/var/lib/systemd/linger/ann']).detail, 'on');
});

test('controllers that are not delegated are told by the flags that are lost', () => {
  const facts = {
    mode: 'unified' as const,
    mount: '/sys/fs/cgroup',
    own: '/x',
    way: { kind: 'systemd' as const, program: '/usr/bin/systemd-run', user: true, runtimeDir: undefined },
    controllers: ['memory', 'pids'],
    booted: true,
  };
  assert.match(
    said(limitsCheck(facts)),
    'warn: the cgroup controller cpu is not delegated to this user: no --cpus',
  );
  const good = limitsCheck({ ...facts, controllers: ['cpu', 'memory', 'pids'] });
  assert.is(said(good), "ok: cpu memory pids (not cpuset, io), by systemd's user manager");
});

test.run();
