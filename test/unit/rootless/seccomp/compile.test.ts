import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { PodError } from '../../../../core/error.ts';
import { ACTIONS } from '../../../../rootless/seccomp/actions.ts';
import { compileSeccomp } from '../../../../rootless/seccomp/compile.ts';
import { COMPARISONS } from '../../../../rootless/seccomp/conditions.ts';
import type { OciSeccomp, OciSyscallArg, OciSyscallRule } from '../../../../rootless/seccomp/oci.ts';
import { ABIS } from '../../../../rootless/seccomp/syscall-tables.ts';
import { runFilter } from './bpf-machine.ts';
import { EDGES, randomness } from './random.ts';
import { evaluate, returned } from './reference.ts';

const ALLOW = 0x7fff0000;
const EPERM = 0x50001;
const ENOSYS = 0x50026;
const X64 = 0xc000003e;
const I386 = 0x40000003;

function randomArg(random: (below: number) => number, index: number): OciSyscallArg {
  const pick = () => EDGES[random(EDGES.length)]!;
  return { index, op: COMPARISONS[random(COMPARISONS.length)]!, value: pick(), valueTwo: pick() };
}

function randomProfile(random: (below: number) => number, names: string[], ruleCount: number): OciSeccomp {
  const action = () => ACTIONS[random(ACTIONS.length)]!;
  const rules: OciSyscallRule[] = [];
  for (let i = 0; i < ruleCount; i++) {
    const args: OciSyscallArg[] = [];
    for (let n = random(4); n > 0; n--) args.push(randomArg(random, random(6)));
    const chosen = Array.from({ length: 1 + random(6) }, () => names[random(names.length)]!);
    rules.push({ names: chosen, action: action(), errnoRet: random(5), ...(random(3) ? { args } : {}) });
  }
  return { defaultAction: action(), defaultErrnoRet: random(3), syscalls: rules };
}

for (const machine of ['x64', 'arm64'] as const) {
  test(`any profile means on ${machine} what its rules say, for every system call and any arguments`, () => {
    const abi = ABIS[machine][0];
    const random = randomness(machine.length);
    const names = [...abi.numbers.keys()];
    for (let round = 0; round < 40; round++) {
      const profile = randomProfile(random, round % 2 ? names : names.slice(0, 12), 1 + random(60));
      const program = compileSeccomp(profile, machine);
      const numbers = [
        ...new Set(abi.numbers.values()),
        335,
        400,
        471,
        5000,
        0x3fffffff,
        0x40000001,
        0xffffffff,
      ];
      for (const number of numbers) {
        const args = Array.from({ length: 6 }, () => EDGES[random(EDGES.length)]!);
        const got = runFilter(program, { arch: abi.audit, number, args });
        const want = evaluate(profile, abi, number, args);
        if (got !== want)
          assert.equal({ number, args, got }, { number, args, got: want }, JSON.stringify(round));
      }
    }
  });
}

test('every comparison is right at the edges of 32 and 64 bits', () => {
  for (const op of COMPARISONS) {
    for (const value of EDGES) {
      for (const valueTwo of op === 'SCMP_CMP_MASKED_EQ' ? EDGES : [0n]) {
        const args = [{ index: 3, op, value, valueTwo }];
        const profile: OciSeccomp = {
          defaultAction: 'SCMP_ACT_ALLOW',
          syscalls: [{ names: ['read'], action: 'SCMP_ACT_ERRNO', args }],
        };
        const program = compileSeccomp(profile, 'x64');
        for (const actual of [...EDGES, 4n, 6n, 0x100000004n, 0x500000001n]) {
          const call = { arch: X64, number: 0, args: [7n, 7n, 7n, actual, 7n, 7n] };
          assert.is(
            runFilter(program, call),
            evaluate(profile, ABIS.x64[0], 0, call.args),
            `${actual} ${op} ${value}`,
          );
        }
      }
    }
  }
});

const decide = (profile: OciSeccomp, number: number, args: bigint[] = [], arch = X64): number =>
  runFilter(compileSeccomp(profile, 'x64'), { arch, number, args });

test('a refusal with arguments holds even where the call is allowed without', () => {
  const profile: OciSeccomp = {
    defaultAction: 'SCMP_ACT_ERRNO',
    syscalls: [
      { names: ['ioctl'], action: 'SCMP_ACT_ALLOW' },
      { names: ['ioctl'], action: 'SCMP_ACT_ERRNO', args: [{ index: 1, value: 0x5412, op: 'SCMP_CMP_EQ' }] },
    ],
  };
  assert.is(decide(profile, 16, [0n, 0x5412n]), EPERM);
  assert.is(decide(profile, 16, [0n, 0x5413n]), ALLOW);
});

test('one argument twice in a rule means either, as runc has it', () => {
  const args = [1, 2].map((value) => ({ index: 0, value, op: 'SCMP_CMP_EQ' }));
  const profile: OciSeccomp = {
    defaultAction: 'SCMP_ACT_ALLOW',
    syscalls: [{ names: ['socket'], action: 'SCMP_ACT_ERRNO', args }],
  };
  assert.equal(
    [0n, 1n, 2n].map((value) => decide(profile, 41, [value])),
    [ALLOW, EPERM, EPERM],
  );
});

test('calls newer than a refusing profile do not exist, older ones are refused', () => {
  const profile: OciSeccomp = {
    defaultAction: 'SCMP_ACT_ERRNO',
    defaultErrnoRet: 1,
    syscalls: [{ names: ['read', 'statx'], action: 'SCMP_ACT_ALLOW' }],
  };
  assert.equal(
    [0, 1, 332, 333, 500].map((number) => decide(profile, number)),
    [ALLOW, EPERM, ALLOW, ENOSYS, ENOSYS],
  );
});

test("ARM's calls of its own, far above the others, aren't taken for the newest", () => {
  const profile: OciSeccomp = {
    defaultAction: 'SCMP_ACT_ERRNO',
    architectures: ['SCMP_ARCH_ARM'],
    syscalls: [{ names: ['read', 'statx', 'cacheflush'], action: 'SCMP_ACT_ALLOW' }],
  };
  const program = compileSeccomp(profile, 'arm64');
  const arm = (number: number) => runFilter(program, { arch: 0x40000028, number, args: [] });
  assert.equal([3, 4, 397, 398, 0xf0001, 0xf0002, 0xf0003].map(arm), [
    ALLOW,
    EPERM,
    ALLOW,
    ENOSYS,
    ENOSYS,
    ALLOW,
    ENOSYS,
  ]);
});

test('a 32-bit program gets its own table, and dies where the profile does not list it', () => {
  const profile: OciSeccomp = {
    defaultAction: 'SCMP_ACT_ERRNO',
    architectures: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86'],
    syscalls: [{ names: ['read', 'statx'], action: 'SCMP_ACT_ALLOW' }],
  };
  assert.is(decide(profile, 3, [], I386), ALLOW);
  assert.is(decide(profile, 0, [], I386), EPERM);
  assert.is(decide({ ...profile, architectures: [] }, 3, [], I386), 0x80000000);
  assert.is(decide({ ...profile, architectures: [] }, 0), ALLOW);
});

test('a 32-bit program cannot walk around a rule with socketcall or ipc, nor with a -1 of half the width', () => {
  const profile: OciSeccomp = {
    defaultAction: 'SCMP_ACT_ALLOW',
    architectures: ['SCMP_ARCH_X86'],
    syscalls: [
      { names: ['bind', 'shmget'], action: 'SCMP_ACT_ERRNO' },
      {
        names: ['close'],
        action: 'SCMP_ACT_ERRNO',
        args: [{ index: 0, value: 2n ** 64n - 1n, op: 'SCMP_CMP_EQ' }],
      },
    ],
  };
  assert.is(decide(profile, 361, [], I386), EPERM);
  assert.is(decide(profile, 102, [2n], I386), EPERM);
  assert.is(decide(profile, 102, [3n], I386), ALLOW);
  assert.is(decide(profile, 117, [0x10017n], I386), EPERM);
  assert.is(decide(profile, 117, [22n], I386), ALLOW);
  assert.is(decide(profile, 6, [0xffffffffn], I386), EPERM);
  assert.is(decide(profile, 6, [3n], I386), ALLOW);
});

test('x32 does not exist, even where everything is allowed', () => {
  const profile: OciSeccomp = { defaultAction: 'SCMP_ACT_ALLOW', architectures: ['SCMP_ARCH_X32'] };
  assert.equal(
    [0, 0x40000000, 0x40000208].map((number) => decide(profile, number)),
    [ALLOW, ENOSYS, ENOSYS],
  );
});

test('jumps reach over hundreds of instructions', () => {
  const names = [...ABIS.x64[0].numbers.keys()].slice(0, 150);
  const profile: OciSeccomp = {
    defaultAction: 'SCMP_ACT_ERRNO',
    syscalls: names.flatMap((name, n) =>
      [0, 1, 2].map((index) => ({
        names: [name],
        action: 'SCMP_ACT_ALLOW',
        args: [{ index, value: BigInt(n), op: 'SCMP_CMP_EQ' }],
      })),
    ),
  };
  const program = compileSeccomp(profile, 'x64');
  assert.ok(program.length / 8 > 1500);
  for (let number = 0; number < 150; number++) {
    assert.is(runFilter(program, { arch: X64, number, args: [0n, 0n, BigInt(number)] }), ALLOW);
    assert.is(runFilter(program, { arch: X64, number, args: [999n, 999n, 999n] }), EPERM);
  }
});

function failure(profile: OciSeccomp): PodError {
  try {
    compileSeccomp(profile, 'x64');
  } catch (error) {
    if (error instanceof PodError) return error;
    throw error;
  }
  throw new Error('it compiled');
}

test('what cannot be compiled is named with its place', () => {
  const rule = (change: Partial<OciSyscallRule>): OciSeccomp => ({
    defaultAction: 'SCMP_ACT_ERRNO',
    syscalls: [{ names: ['read'], action: 'SCMP_ACT_ALLOW', ...change }],
  });
  assert.match(failure({ defaultAction: 'SCMP_ACT_MAYBE' }).why!, /^defaultAction is "SCMP_ACT_MAYBE"/);
  assert.match(failure(rule({ action: 'ALLOW' })).why!, /^syscalls\[0\]\.action is "ALLOW"/);
  const notify = failure(rule({ action: 'SCMP_ACT_NOTIFY' }));
  assert.is(notify.code, 'unsupported');
  assert.match(notify.why!, /no agent/);
  const op = failure(rule({ args: [{ index: 0, value: 1, op: '==' }] }));
  assert.match(op.why!, /^syscalls\[0\]\.args\[0\]\.op is "=="/);
});

test('a profile that is too long for the kernel is refused', () => {
  const args = (index: number, value: number) => [{ index, value, op: 'SCMP_CMP_EQ' }];
  const syscalls = Array.from({ length: 2000 }, (_, n) => ({
    names: ['read'],
    action: 'SCMP_ACT_ALLOW',
    args: args(n % 6, n),
  }));
  assert.match(
    failure({ defaultAction: 'SCMP_ACT_ERRNO', syscalls }).why!,
    /instructions, and the kernel takes 4096/,
  );
});

test('actions have the values of linux/seccomp.h', () => {
  for (const action of ACTIONS) {
    assert.is(decide({ defaultAction: action, defaultErrnoRet: 7 }, 0), returned(action, 7));
  }
});

test.run();
