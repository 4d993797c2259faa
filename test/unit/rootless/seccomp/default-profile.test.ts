import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { CAPABILITIES, DEFAULT_CAPABILITIES } from '../../../../rootless/capabilities.ts';
import { compileSeccomp } from '../../../../rootless/seccomp/compile.ts';
import {
  compileDefaults,
  compiledProfile,
  compiledProgram,
  provideCompiledDefaults,
} from '../../../../rootless/seccomp/compiled-defaults.ts';
import { parseExact, stringifyExact } from '../../../../rootless/seccomp/exact-json.ts';
import type { OciSeccomp } from '../../../../rootless/seccomp/oci.ts';
import { defaultProfile, resolveProfile } from '../../../../rootless/seccomp/profile.ts';
import { defaultSeccomp, machine, seccompProgram } from '../../../../rootless/seccomp/program.ts';
import { ABIS, type Abi, type MachineArch } from '../../../../rootless/seccomp/syscall-tables.ts';
import { runFilter } from './bpf-machine.ts';
import { EDGES, randomness } from './random.ts';
import { evaluate } from './reference.ts';

const ALLOW = 0x7fff0000;
const EPERM = 0x50001;
const EAFNOSUPPORT = 0x50061;
const ENOSYS = 0x50026;

function resolved(arch: MachineArch, ...more: string[]): OciSeccomp {
  return resolveProfile(defaultProfile, { arch, capabilities: [...DEFAULT_CAPABILITIES, ...more] });
}

function caller(
  abi: Abi,
  arch: MachineArch,
  ...more: string[]
): (name: string, ...args: (number | bigint)[]) => number {
  const program = compileSeccomp(resolved(arch, ...more), arch);
  return (name, ...args) => {
    const number = abi.numbers.get(name);
    assert.type(number, 'number', name);
    return runFilter(program, { arch: abi.audit, number: number!, args: args.map(BigInt) });
  };
}

/** Numbers that Linux has without code behind them, and what nobody has needed yet. */
const NOT_THERE = (
  '_sysctl create_module get_kernel_syms query_module getpmsg putpmsg afs_syscall tuxcall security vserver ' +
  'break stty gtty ftime prof lock mpx ulimit profil idle listns'
).split(' ');

test('every system call of every architecture is decided on by name', () => {
  const named = new Set(defaultProfile.syscalls.flatMap((rule) => rule.names));
  const known = new Set(
    Object.values(ABIS)
      .flat()
      .flatMap((abi) => [...abi.numbers.keys()]),
  );
  assert.equal([...known].filter((name) => !named.has(name)).sort(), NOT_THERE.toSorted());
  assert.equal(
    [...named].filter((name) => !known.has(name)),
    [],
    'a name that is nowhere is a typing error',
  );
});

test('every name in the profile is in a rule of the right kind only once, but for capabilities and arguments', () => {
  const plain = defaultProfile.syscalls.filter((rule) => !rule.args && !rule.includes && !rule.excludes);
  const names = plain.flatMap((rule) => rule.names);
  assert.equal(
    names.filter((name, index) => names.indexOf(name) !== index),
    [],
  );
});

for (const arch of ['x64', 'arm64'] as const) {
  for (const abi of ABIS[arch]) {
    const call = caller(abi, arch);

    test(`${abi.arch}: what ordinary programs do is allowed`, () => {
      const calls =
        'read write openat close munmap mprotect execve exit_group futex rt_sigaction prctl seccomp getrandom ' +
        'setuid setgid setgroups fchownat mknodat capset ptrace process_vm_readv bind listen sendmsg setsockopt ' +
        'epoll_pwait timerfd_create inotify_init1 memfd_create membarrier rseq statx pidfd_open close_range ' +
        'io_setup mlock mbind sched_setaffinity prlimit64 chroot shmget semget msgget mq_open name_to_handle_at';
      for (const name of calls.split(' ')) assert.is(call(name), ALLOW, name);
      for (const family of [1, 2, 10, 16, 17, 38, 44])
        assert.is(call('socket', family), ALLOW, `socket ${family}`);
      assert.is(call('clone', 0x3d0f00), ALLOW, 'a thread of glibc');
      assert.is(call('clone', 0x01200011), ALLOW, 'fork');
      assert.is(call('ioctl', 0, 0x5413), ALLOW, 'TIOCGWINSZ');
    });

    test(`${abi.arch}: what reaches beyond the container is refused`, () => {
      const calls =
        'mount umount2 pivot_root unshare setns bpf perf_event_open init_module kexec_load reboot swapon acct ' +
        'open_by_handle_at add_key keyctl request_key userfaultfd io_uring_setup syslog settimeofday sethostname ' +
        'quotactl fanotify_init move_pages kcmp pidfd_getfd vhangup fsopen open_tree move_mount mount_setattr';
      for (const name of calls.split(' ')) assert.is(call(name), EPERM, name);
    });

    test(`${abi.arch}: namespaces can't be made, and the C library falls back from clone3`, () => {
      for (const bit of [17, 25, 26, 27, 28, 29, 30])
        assert.is(call('clone', 2 ** bit + 17), EPERM, `bit ${bit}`);
      assert.is(call('clone3'), ENOSYS);
    });

    test(`${abi.arch}: arguments can't hide behind bits that the kernel cuts off`, () => {
      assert.is(call('socket', 40), EPERM);
      assert.is(call('ioctl', 0, 0x5412), EPERM, 'TIOCSTI');
      assert.is(call('ioctl', 0, 0x541c), EPERM, 'TIOCLINUX');
      assert.is(call('socket', 46), EAFNOSUPPORT);
      if (abi !== ABIS[arch][0]) return; // 32-bit programs have no such bits
      assert.is(call('ioctl', 0, 0x1_0000_5412), EPERM);
      assert.is(call('socket', 0x1_0000_0028), EAFNOSUPPORT);
    });

    test(`${abi.arch}: a personality is one that doesn't emulate another system`, () => {
      for (const value of [0, 8, 0x20000, 0x20008, 0x40000, 0xffffffff])
        assert.is(call('personality', value), ALLOW);
      for (const value of [6, 0x400000, 0x100000]) assert.is(call('personality', value), ENOSYS);
    });

    test(`${abi.arch}: what is newer than the profile does not exist`, () => {
      const program = compileSeccomp(resolved(arch), arch);
      for (const number of [471, 600, 0x3fffffff, 0x40000001, 0xffffffff]) {
        assert.is(runFilter(program, { arch: abi.audit, number, args: [] }), ENOSYS);
      }
    });

    test(`${abi.arch}: a capability opens what the kernel asks it for`, () => {
      const admin = caller(abi, arch, 'CAP_SYS_ADMIN');
      for (const name of 'mount unshare setns clone3 pivot_root bpf perf_event_open syslog open_tree'.split(
        ' ',
      )) {
        assert.is(admin(name), ALLOW, name);
      }
      assert.is(admin('clone', 0x10000011), ALLOW);
      assert.is(admin('reboot'), EPERM);
      assert.is(admin('keyctl'), EPERM);
      const pairs = {
        CAP_SYSLOG: 'syslog',
        CAP_BPF: 'bpf',
        CAP_PERFMON: 'perf_event_open',
        CAP_SYS_BOOT: 'reboot',
        CAP_SYS_MODULE: 'init_module',
        CAP_SYS_PTRACE: 'pidfd_getfd',
        CAP_SYS_TIME: 'settimeofday',
        CAP_DAC_READ_SEARCH: 'open_by_handle_at',
      };
      for (const [capability, name] of Object.entries(pairs))
        assert.is(caller(abi, arch, capability)(name), ALLOW, name);
      const bare = compileSeccomp(resolveProfile(defaultProfile, { arch, capabilities: [] }), arch);
      const chroot = { arch: abi.audit, number: abi.numbers.get('chroot')!, args: [] };
      assert.is(runFilter(bare, chroot), EPERM);
    });
  }

  test(`the compiled default profile means on ${arch} what its rules say`, () => {
    const [abi] = ABIS[arch];
    const random = randomness(7);
    for (const more of [[], ['CAP_SYS_ADMIN'], ['CAP_SYS_PTRACE', 'CAP_BPF']]) {
      const profile = resolved(arch, ...more);
      const program = compileSeccomp(profile, arch);
      for (let number = 0; number < 480; number++) {
        for (let round = 0; round < 5; round++) {
          const args = Array.from({ length: 6 }, () => EDGES[random(EDGES.length)]!);
          assert.is(
            runFilter(program, { arch: abi.audit, number, args }),
            evaluate(profile, abi, number, args),
          );
        }
      }
    }
  });
}

test('the filter is short, and does not depend on the order of capabilities, nor on those of no rule', () => {
  const profile = defaultSeccomp(DEFAULT_CAPABILITIES);
  assert.ok(seccompProgram(profile).length / 8 < 500);
  assert.equal(defaultSeccomp([...DEFAULT_CAPABILITIES].reverse()), profile);
  assert.equal(defaultSeccomp([...DEFAULT_CAPABILITIES, 'CAP_NET_RAW']), profile);
});

test('what was compiled for the binary is what would be compiled now, and is found again from a config that was read', () => {
  for (const more of [[], ['CAP_SYS_ADMIN'], ['CAP_SYS_PTRACE'], CAPABILITIES, ['CAP_BPF']]) {
    const capabilities = ['CAP_NET_RAW', ...DEFAULT_CAPABILITIES, ...more];
    const profile = defaultSeccomp(capabilities);
    const program = seccompProgram(profile);
    let asked = 0;
    const text = compileDefaults(machine());
    provideCompiledDefaults(() => {
      asked++;
      return text;
    });
    assert.is(compiledProfile(capabilities) === undefined, more[0] === 'CAP_BPF');
    assert.equal(defaultSeccomp(capabilities), profile);
    assert.equal(
      Buffer.from(seccompProgram(parseExact(stringifyExact(profile)) as OciSeccomp)),
      Buffer.from(program),
    );
    assert.is(compiledProgram(stringifyExact(profile)) === undefined, more[0] === 'CAP_BPF');
    assert.is(asked, 1, 'read once');
    provideCompiledDefaults(undefined);
  }
});

test.run();
