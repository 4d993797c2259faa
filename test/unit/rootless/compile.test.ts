import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { compileMount, compileProcess, compileWorld, type MountExtra } from '../../../rootless/compile.ts';
import type { OciMount, OciProcess, OciSpec } from '../../../rootless/oci-spec.ts';
import { noCapabilities, specOf } from '../core/container/fixtures.ts';

const linux = specOf().linux;
const world = (more: Partial<OciSpec>, extras?: Record<string, MountExtra>) =>
  compileWorld(specOf(more), extras).map((words) => words.join(' '));
const plain: OciProcess = {
  user: { uid: 0, gid: 0 },
  args: ['sh'],
  env: [],
  cwd: '/',
  capabilities: noCapabilities,
};
const process = (more: Partial<OciProcess>) =>
  compileProcess({ ...plain, ...more }, {}).map((words) => words.join(' '));
/** The mount of one, alone. */
const mounted = (mount: Partial<OciMount>) =>
  compileWorld(specOf({ mounts: [{ destination: '/x', ...mount }] }))[2];

test('a whole world, in the order of the work', () => {
  const spec: Partial<OciSpec> = {
    process: { ...plain, terminal: true, consoleSize: { height: 24, width: 80 }, cwd: '/srv' },
    root: { path: 'rootfs', readonly: true },
    hostname: 'box',
    domainname: 'lan',
    mounts: [
      { destination: '/proc', type: 'proc', source: 'proc', options: ['nosuid', 'noexec', 'nodev'] },
      {
        destination: '/dev',
        type: 'tmpfs',
        source: 'tmpfs',
        options: ['nosuid', 'strictatime', 'mode=755', 'size=65536k'],
      },
      { destination: '/dev/pts', type: 'devpts', source: 'devpts', options: ['newinstance', 'mode=0620'] },
    ],
    linux: {
      namespaces: [
        { type: 'user' },
        { type: 'mount' },
        { type: 'uts' },
        { type: 'network', path: '/run/netns/x' },
      ],
      sysctl: { 'net.ipv4.ip_forward': '1' },
      maskedPaths: ['/proc/kcore'],
      readonlyPaths: ['/proc/sys'],
    },
  };
  assert.equal(world(spec), [
    'namespace user',
    'namespace mount',
    'namespace uts',
    'namespace network /run/netns/x',
    'root-propagation rec,private',
    'mount proc proc /proc nosuid,noexec,nodev ',
    'mount tmpfs tmpfs /dev nosuid,strictatime mode=755,size=65536k',
    ...['null', 'zero', 'full', 'random', 'urandom', 'tty'].map((name) => `bind /dev/${name} /dev/${name} -`),
    'symlink /proc/self/fd /dev/fd',
    'symlink /proc/self/fd/0 /dev/stdin',
    'symlink /proc/self/fd/1 /dev/stdout',
    'symlink /proc/self/fd/2 /dev/stderr',
    'symlink pts/ptmx /dev/ptmx',
    'symlink /proc/kcore /dev/core',
    'mount devpts devpts /dev/pts - newinstance,mode=0620',
    'sysctl net.ipv4.ip_forward 1',
    'hostname box',
    'domainname lan',
    'pivot',
    'terminal 24 80',
    'masked /proc/kcore',
    'readonly /proc/sys',
    'cwd /srv',
    'root-readonly',
  ]);
});

test('the least world', () => {
  assert.equal(world({}), ['namespace user', 'root-propagation rec,private', 'pivot', 'cwd /']);
});

test("names are set in an own namespace alone, never the host's", () => {
  for (const namespaces of [
    [],
    [{ type: 'uts', path: '/proc/1/ns/uts' }],
  ] as OciSpec['linux']['namespaces'][])
    assert.not(
      world({ hostname: 'box', domainname: 'lan', linux: { namespaces } }).some((line) =>
        /^(host|domain)name/.test(line),
      ),
    );
});

test('the devices are made once, in a /dev of its own', () => {
  const dev = { destination: '/dev', type: 'tmpfs' };
  assert.is(world({ mounts: [dev, dev] }).filter((line) => line.startsWith('symlink')).length, 6);
  assert.not(
    world({ mounts: [{ destination: '/dev', type: 'bind', source: '/dev', options: ['rbind'] }] }).some(
      (line) => line.startsWith('symlink'),
    ),
  );
});

test('options are flags, propagation, or words for the file system', () => {
  assert.equal(
    mounted({
      type: 'tmpfs',
      source: 's',
      options: ['rw', 'suid', 'ro', 'noatime', 'rprivate', 'size=1', 'mode=7'],
    }),
    ['mount', 'tmpfs', 's', '/x', 'ro,noatime,private', 'size=1,mode=7'],
  );
  assert.equal(mounted({ type: 'bind', source: '/s', options: ['rbind', 'rslave', 'ro', 'ro'] }), [
    'bind',
    '/s',
    '/x',
    'rec,slave,ro',
  ]);
  assert.equal(mounted({ source: '/s', options: ['bind'] }), ['bind', '/s', '/x', '-']);
  assert.equal(mounted({ type: 'bind', source: '/s' }), ['bind', '/s', '/x', '-']);
  assert.equal(mounted({ type: 'cgroup' }), ['mount', 'cgroup2', 'cgroup2', '/x', '-', '']);
});

test('a volume in memory is taken from whoever has it, or made', () => {
  const mount = {
    destination: '/m',
    type: 'tmpfs',
    source: 'tmpfs',
    options: ['nosuid', 'tmpcopyup', 'size=1m'],
  };
  const extra = { memory: '/volumes/m' };
  assert.equal(compileMount(mount, extra), ['mount-memory', '/volumes/m', 'copy', '/m', 'nosuid', 'size=1m']);
  const bare = { ...mount, options: ['ro'] };
  assert.equal(compileMount(bare, extra), ['mount-memory', '/volumes/m', 'empty', '/m', 'ro', '']);
});

test('a hint comes before its mount alone', () => {
  const mounts = [
    { destination: '/a', type: 'tmpfs' },
    { destination: '/b', type: 'tmpfs' },
  ];
  assert.equal(world({ mounts }, { '/b': { hint: 'why' }, '/c': { hint: 'no' } }).slice(2, 5), [
    'mount tmpfs tmpfs /a - ',
    'hint why',
    'mount tmpfs tmpfs /b - ',
  ]);
});

test('what a mount shows of its source, and overlays, are told apart from the spec', () => {
  const mounts = [
    { destination: '/a', type: 'bind', source: '/v/_data/x/y', options: ['rbind', 'ro'] },
    { destination: '/b', type: 'overlay', source: 'overlay', options: ['lowerdir=/l', 'nosuid', 'rprivate'] },
    { destination: '/c', type: 'tmpfs', source: 'tmpfs', options: ['tmpcopyup', 'size=1'] },
  ];
  const overlay = { lowers: ['/l', '/m'], scratch: '/s/0' };
  assert.equal(world({ mounts }, { '/a': { subpath: 'x/y' }, '/b': { overlay, subpath: 'z' } }).slice(2, 5), [
    'bind /v/_data /a rec,ro x/y',
    'overlay /b nosuid,private /s/0 z /l /m',
    'mount-filled tmpfs tmpfs /c - size=1',
  ]);
  const world2 = world({ mounts }, { '/b': { overlay: { lowers: ['/l'], scratch: undefined } } });
  assert.is(world2[3], 'overlay /b nosuid,private   /l');
});

test("the propagation of the root is the specification's", () => {
  const of = (rootfsPropagation: string) => world({ linux: { ...linux, rootfsPropagation } })[1];
  assert.equal(
    [of('rslave'), of('shared'), of('rshared')],
    ['root-propagation rec,slave', 'root-propagation shared', 'root-propagation rec,shared'],
  );
});

test('a whole process, in the order of the work', () => {
  const full: Partial<OciProcess> = {
    user: { uid: 33, gid: 34, umask: 0o27, additionalGids: [1, 2] },
    args: ['sh', '-c', 'echo hi'],
    env: ['A=1', 'B='],
    capabilities: {
      ...noCapabilities,
      bounding: ['CAP_CHOWN', 'CAP_KILL'],
      effective: ['CAP_CHOWN'],
      permitted: ['CAP_CHOWN'],
    },
    rlimits: [
      { type: 'RLIMIT_NOFILE', soft: 1024, hard: 2 ** 64 },
      { type: 'RLIMIT_CORE', soft: -1, hard: 0 },
    ],
    noNewPrivileges: true,
    oomScoreAdj: -5,
  };
  assert.equal(process(full), [
    'rlimit NOFILE 1024 -1',
    'rlimit CORE -1 0',
    'oom-score-adj -5',
    'umask 0027',
    'user 33 34 1,2',
    'capabilities 21 1 1 0 0',
    'no-new-privileges',
    'env A=1',
    'env B=',
    'exec sh -c echo hi',
  ]);
});

test('the least process', () => {
  assert.equal(process({}), ['user 0 0 -', 'capabilities 0 0 0 0 0', 'exec sh']);
});

test('limits above what the kernel counts to are none', () => {
  const of = (value: number) => process({ rlimits: [{ type: 'RLIMIT_AS', soft: value, hard: value }] })[0];
  assert.equal([2 ** 63, 2 ** 64 - 1, 2 ** 52, 0].map(of), [
    'rlimit AS -1 -1',
    'rlimit AS -1 -1',
    'rlimit AS 4503599627370496 4503599627370496',
    'rlimit AS 0 0',
  ]);
});

test('a filter is in it as instructions of eight bytes', () => {
  const seccomp = { defaultAction: 'SCMP_ACT_ALLOW', architectures: [], syscalls: [] } as never;
  const [, , filter] = compileProcess(plain, { seccomp });
  assert.is(filter![0], 'seccomp');
  assert.match(filter![1]!, /^([0-9a-f]{16})+$/);
});

test('what is of another container is joined by its state, all kinds at once, and its directory bound', () => {
  const holders = new Map([['container:abc', { name: 'web', state: '/run/web/state' }]]);
  const spec = specOf({
    linux: {
      namespaces: [
        { type: 'user', path: 'container:abc' },
        { type: 'mount' },
        { type: 'ipc', path: 'container:abc' },
        { type: 'uts', path: '/proc/1/ns/uts' },
      ],
    },
    mounts: [{ destination: '/dev/shm', type: 'bind', source: 'container:abc', options: ['bind', 'nosuid'] }],
  });
  const lines = compileWorld(spec, {}, { holders }).map((words) => words.join(' '));
  assert.equal(lines.slice(0, 3), [
    'namespace mount',
    'namespace uts /proc/1/ns/uts',
    'namespace-of /run/web/state user,ipc web',
  ]);
  assert.ok(lines.includes('bind-of /run/web/state /dev/shm /dev/shm nosuid'));
});

test.run();
