import { existsSync, readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { PodError } from '../../../../core/error.ts';
import { compileSeccomp } from '../../../../rootless/seccomp/compile.ts';
import { stringifyExact } from '../../../../rootless/seccomp/exact-json.ts';
import { type ProfileHost, parseProfile, resolveProfile } from '../../../../rootless/seccomp/profile.ts';
import { skip } from '../../../runner/skip.ts';
import { runFilter } from './bpf-machine.ts';

const PLAIN: ProfileHost = { capabilities: ['CAP_KILL'], arch: 'x64', kernelVersion: '6.1.0-18-amd64' };

const parse = (json: unknown) => parseProfile(JSON.stringify(json), 'p.json');

const names = (json: unknown, host: Partial<ProfileHost> = {}): string[] =>
  resolveProfile(parse(json), { ...PLAIN, ...host }).syscalls!.flatMap((rule) => rule.names);

const ruleIf = (name: string, when: object) => ({ names: [name], action: 'SCMP_ACT_ALLOW', ...when });

test('a rule holds if all of includes and none of excludes are so', () => {
  const json = {
    defaultAction: 'SCMP_ACT_ERRNO',
    syscalls: [
      ruleIf('kill', { includes: { caps: ['CAP_KILL'] } }),
      ruleIf('mount', { includes: { caps: ['CAP_KILL', 'CAP_SYS_ADMIN'] } }),
      ruleIf('clone', { excludes: { caps: ['CAP_SYS_ADMIN'] } }),
      ruleIf('tkill', { excludes: { caps: ['CAP_SYS_ADMIN', 'CAP_KILL'] } }),
      ruleIf('arch_prctl', { includes: { arches: ['amd64', 'x32'] } }),
      ruleIf('cacheflush', { includes: { arches: ['arm', 'arm64'] } }),
      ruleIf('ptrace', { includes: { minKernel: '4.8' } }),
      ruleIf('statmount', { includes: { minKernel: '6.8' } }),
      ruleIf('lookup_dcookie', { excludes: { minKernel: '6.1' } }),
    ],
  };
  assert.equal(names(json), ['kill', 'clone', 'arch_prctl', 'ptrace']);
  assert.equal(names(json, { arch: 'arm64', kernelVersion: '4.7.9', capabilities: [] }), [
    'clone',
    'tkill',
    'cacheflush',
    'lookup_dcookie',
  ]);
  assert.ok(names(json, { kernelVersion: '6.10.1' }).includes('statmount'));
});

test('the architectures are those that the map has for this machine', () => {
  const archMap = [
    { architecture: 'SCMP_ARCH_X86_64', subArchitectures: ['SCMP_ARCH_X86', 'SCMP_ARCH_X32'] },
    { architecture: 'SCMP_ARCH_AARCH64', subArchitectures: null },
  ];
  const profile = parse({ defaultAction: 'SCMP_ACT_ALLOW', archMap });
  assert.equal(resolveProfile(profile, PLAIN).architectures, [
    'SCMP_ARCH_X86_64',
    'SCMP_ARCH_X86',
    'SCMP_ARCH_X32',
  ]);
  assert.equal(resolveProfile(profile, { ...PLAIN, arch: 'arm64' }).architectures, ['SCMP_ARCH_AARCH64']);
  const plain = parse({ defaultAction: 'SCMP_ACT_ALLOW', architectures: ['SCMP_ARCH_X86'] });
  assert.equal(resolveProfile(plain, PLAIN).architectures, ['SCMP_ARCH_X86']);
});

test("what Docker's and podman's own files have besides is understood", () => {
  const profile = parse({
    defaultAction: 'SCMP_ACT_ERRNO',
    defaultErrno: 'ENOSYS',
    flags: ['SECCOMP_FILTER_FLAG_LOG'],
    architectures: [],
    syscalls: [
      { name: 'read', action: 'SCMP_ACT_ALLOW', args: null, comment: 'old', includes: {}, excludes: null },
      { names: ['mount'], action: 'SCMP_ACT_ERRNO', errno: 'EPERM' },
      { names: ['write'], action: 'SCMP_ACT_ALLOW', errnoRet: null, errno: '' },
    ],
  });
  assert.equal(resolveProfile(profile, PLAIN), {
    defaultAction: 'SCMP_ACT_ERRNO',
    defaultErrnoRet: 38,
    flags: ['SECCOMP_FILTER_FLAG_LOG'],
    architectures: ['SCMP_ARCH_X86_64'],
    syscalls: [
      { names: ['read'], action: 'SCMP_ACT_ALLOW' },
      { names: ['mount'], action: 'SCMP_ACT_ERRNO', errnoRet: 1 },
      { names: ['write'], action: 'SCMP_ACT_ALLOW' },
    ],
  });
});

test('a 64-bit number stays what it is, in and out', () => {
  const text =
    '{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["close"],"action":"SCMP_ACT_KILL_PROCESS",' +
    '"args":[{"index":0,"value":18446744073709551614,"op":"SCMP_CMP_EQ"}]}]}';
  const profile = resolveProfile(parseProfile(text, 'p.json'), PLAIN);
  assert.ok(stringifyExact(profile).includes('"value":18446744073709551614,'));
  const program = compileSeccomp(profile, 'x64');
  const close = (value: bigint) => runFilter(program, { arch: 0xc000003e, number: 3, args: [value] });
  assert.is(close(2n ** 64n - 2n), 0x80000000);
  assert.is(close(2n ** 64n - 1n), 0x7fff0000);
});

function failure(text: string): string {
  try {
    parseProfile(text, 'p.json');
  } catch (error) {
    if (!(error instanceof PodError)) throw error;
    assert.is(error.message, 'cannot use the seccomp profile p.json');
    return `${error.code}: ${error.why}`;
  }
  return 'it was accepted';
}

test('what is wrong with a file is said with its place', () => {
  const rule = (rule: unknown) =>
    failure(JSON.stringify({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [rule] }));
  const arg = (arg: unknown) => rule({ names: ['read'], action: 'SCMP_ACT_ALLOW', args: [arg] });
  const good = { index: 0, value: 1, op: 'SCMP_CMP_EQ' };
  const cases: [string, string | RegExp][] = [
    [failure('[]'), 'invalid: it is a list, expected an object'],
    [failure('{}'), 'invalid: defaultAction is missing'],
    [failure(''), /^invalid: it is not JSON/],
    [failure(`${'['.repeat(1e5)}${']'.repeat(1e5)}`), /nested too deeply/],
    [
      failure('{"defaultAction":"ALLOW"}'),
      /^invalid: defaultAction is "ALLOW", expected one of SCMP_ACT_KILL/,
    ],
    [
      failure('{"defaultAction":"SCMP_ACT_NOTIFY"}'),
      /^unsupported: defaultAction is SCMP_ACT_NOTIFY, and there is no/,
    ],
    [
      failure('{"defaultAction":"SCMP_ACT_ALLOW","listenerPath":"/x"}'),
      /^unsupported: listenerPath is "\/x"/,
    ],
    [failure('{"defaultAction":"SCMP_ACT_ALLOW","flags":["X"]}'), /^invalid: flags\[0\] is "X"/],
    [
      failure('{"defaultAction":"SCMP_ACT_ALLOW","syscalls":{}}'),
      'invalid: syscalls is an object, expected a list',
    ],
    [
      failure('{"defaultAction":"SCMP_ACT_ALLOW","architectures":["x86"]}'),
      /^invalid: architectures\[0\] is "x86"/,
    ],
    [
      rule({ names: 'read', action: 'SCMP_ACT_ALLOW' }),
      'invalid: syscalls[0].names is "read", expected a list',
    ],
    [rule({ names: [1], action: 'SCMP_ACT_ALLOW' }), 'invalid: syscalls[0].names[0] is 1, expected a string'],
    [
      rule({ name: 'a', names: ['b'], action: 'SCMP_ACT_ALLOW' }),
      'invalid: syscalls[0] has both name and names',
    ],
    [rule({ names: [] }), 'invalid: syscalls[0].action is missing'],
    [rule({ action: 'SCMP_ACT_ERRNO', errnoRet: 4096 }), /^invalid: syscalls\[0\]\.errnoRet is 4096/],
    [rule({ action: 'SCMP_ACT_ERRNO', errno: 'EWHAT' }), /^invalid: syscalls\[0\]\.errno is "EWHAT"/],
    [
      rule({ action: 'SCMP_ACT_ALLOW', includes: { caps: ['KILL'] } }),
      /^invalid: syscalls\[0\]\.includes\.caps\[0\]/,
    ],
    [rule({ action: 'SCMP_ACT_ALLOW', includes: { minKernel: 'new' } }), /includes\.minKernel is "new"/],
    [arg({ ...good, index: 6 }), 'invalid: syscalls[0].args[0].index is 6, expected a number from 0 to 5'],
    [
      arg({ ...good, op: '==' }),
      /^invalid: syscalls\[0\]\.args\[0\]\.op is "==", expected one of SCMP_CMP_EQ/,
    ],
    [
      arg({ ...good, value: 1.5 }),
      'invalid: syscalls[0].args[0].value is 1.5, expected an integer of 64 bits',
    ],
    [arg({ ...good, value: 2 ** 65 }), /args\[0\]\.value is 36893488147419103000, expected an integer/],
    [
      arg({ ...good, valueTwo: 'x'.repeat(99) }),
      /^invalid: syscalls\[0\]\.args\[0\]\.valueTwo is "x{20,60}\.\.\., exp/,
    ],
  ];
  for (const [got, wanted] of cases) {
    if (typeof wanted === 'string') assert.is(got, wanted);
    else assert.match(got, wanted);
  }
  const both = {
    defaultAction: 'SCMP_ACT_ALLOW',
    architectures: ['SCMP_ARCH_X86'],
    archMap: [{ architecture: 'SCMP_ARCH_X86' }],
  };
  assert.is(failure(JSON.stringify(both)), 'invalid: architectures and archMap are both given');
});

test("podman's own profile is read, where it is installed, and compiles to what it says", () => {
  const file = ['/usr/share/containers/seccomp.json', '/etc/containers/seccomp.json'].find((path) =>
    existsSync(path),
  );
  if (file === undefined) skip('podman is not installed');
  const program = compileSeccomp(
    resolveProfile(parseProfile(readFileSync(file, 'utf8'), file), PLAIN),
    'x64',
  );
  const call = (number: number, ...args: bigint[]) => runFilter(program, { arch: 0xc000003e, number, args });
  assert.is(call(0), 0x7fff0000);
  assert.is(call(321), 0x50001, 'bpf');
  assert.is(call(41, 16n, 3n, 9n), 0x50016, 'socket(AF_NETLINK, SOCK_RAW, NETLINK_AUDIT)');
  assert.is(call(41, 2n, 1n, 0n), 0x7fff0000, 'socket(AF_INET, SOCK_STREAM, 0)');
});

test.run();
