import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { DEFAULT_CAPABILITIES } from '../../../../rootless/capabilities.ts';
import { ACTIONS } from '../../../../rootless/seccomp/actions.ts';
import { compileSeccomp } from '../../../../rootless/seccomp/compile.ts';
import { COMPARISONS } from '../../../../rootless/seccomp/conditions.ts';
import type { OciSeccomp, OciSyscallArg, OciSyscallRule } from '../../../../rootless/seccomp/oci.ts';
import { defaultProfile, resolveProfile } from '../../../../rootless/seccomp/profile.ts';
import { ABIS, type Abi, type MachineArch } from '../../../../rootless/seccomp/syscall-tables.ts';
import { runFilter } from './bpf-machine.ts';
import { compileWithLibseccomp, numbersOf } from './libseccomp.ts';
import { EDGES, randomness } from './random.ts';

/** The later ones aren't in the library's tables: Debian 12 has its version 2.5.4. */
const NEWEST_KNOWN = 456;

function knownNames(abi: Abi): string[] {
  const later = [...abi.numbers].filter(([name, n]) => n > NEWEST_KNOWN || /^u(ret)?probe$/.test(name));
  return [...abi.numbers.keys()].filter((name) => !later.some(([other]) => other === name));
}

/** Where the rules about a call don't contradict each other: there the library's order of rules doesn't show. */
function randomProfile(random: (below: number) => number): OciSeccomp {
  const defaults: Pick<OciSeccomp, 'defaultAction' | 'defaultErrnoRet'>[] = [
    { defaultAction: 'SCMP_ACT_ALLOW' },
    { defaultAction: 'SCMP_ACT_LOG' },
    { defaultAction: 'SCMP_ACT_ERRNO', defaultErrnoRet: 38 },
  ];
  const names = knownNames(ABIS.x64[0]);
  const syscalls: OciSyscallRule[] = [];
  for (let i = random(40); i >= 0; i--) {
    const name = names.splice(random(names.length), 1)[0]!;
    const action = ACTIONS[random(ACTIONS.length)]!;
    const count = 1 + random(4);
    // The library (2.5.4) goes wrong where several rules test one argument for order or difference: one rule for those.
    const comparisons = count === 1 ? COMPARISONS : COMPARISONS.filter((op) => op.endsWith('EQ'));
    for (let n = 0; n < count; n++) {
      const args: OciSyscallArg[] = [];
      const indices = [0, 1, 2, 3, 4, 5];
      for (let left = random(4); left > 0; left--) {
        const op = comparisons[random(comparisons.length)]!;
        const value = EDGES[random(EDGES.length)]!;
        const valueTwo = op === 'SCMP_CMP_MASKED_EQ' ? EDGES[random(EDGES.length)]! & value : 0n;
        args.push({ index: indices.splice(random(indices.length), 1)[0]!, op, value, valueTwo });
      }
      syscalls.push({ names: [name], action, errnoRet: 5, args });
    }
  }
  return { ...defaults[random(defaults.length)]!, syscalls };
}

function compare(
  profile: OciSeccomp,
  random: (below: number) => number,
  tries: number,
  machine: MachineArch = 'x64',
): void {
  const listed = new Set<string>([ABIS[machine][0].arch, ...(profile.architectures ?? [])]);
  const ours = compileSeccomp(profile, machine);
  const theirs = compileWithLibseccomp({ ...profile, architectures: [...listed] }, machine);
  for (const abi of ABIS[machine].filter(({ arch }) => listed.has(arch))) {
    for (const number of [...new Set(abi.numbers.values()), 390, 480, 4000]) {
      for (let i = 0; i < tries; i++) {
        const width = abi === ABIS[machine][0] ? 64 : 32;
        const args = Array.from({ length: 6 }, () => BigInt.asUintN(width, EDGES[random(EDGES.length)]!));
        const call = { arch: abi.audit, number, args };
        const got = runFilter(ours, call);
        const want = runFilter(theirs, call);
        if (got !== want) {
          const names = [...abi.numbers].filter(([, n]) => n === number).map(([name]) => name);
          const about = profile.syscalls?.filter((rule) => rule.names.some((name) => names.includes(name)));
          assert.unreachable(
            `${abi.arch} ${names} ${args}: ${got.toString(16)}, libseccomp ${want.toString(16)}\n` +
              about
                ?.map(
                  (rule) =>
                    rule.action + rule.args?.map((a) => ` ${a.index} ${a.op} ${a.value} ${a.valueTwo}`),
                )
                .join('\n'),
          );
        }
      }
    }
  }
}

test('libseccomp compiles random rules to filters that decide the same', () => {
  const random = randomness(3);
  for (let round = 0; round < 60; round++) compare(randomProfile(random), random, 8);
});

test('libseccomp agrees about 32-bit programs, socketcall and ipc included', () => {
  const random = randomness(4);
  const names = knownNames(ABIS.x64[1]!);
  for (let round = 0; round < 30; round++) {
    const chosen = Array.from({ length: 60 }, () => names[random(names.length)]!);
    compare(
      {
        defaultAction: round % 2 ? 'SCMP_ACT_ALLOW' : 'SCMP_ACT_ERRNO',
        defaultErrnoRet: 38,
        architectures: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86'],
        syscalls: [{ names: [...new Set(chosen)], action: 'SCMP_ACT_ERRNO', errnoRet: 1 }],
      },
      random,
      12,
    );
  }
});

test('libseccomp, and so crun and runc, reads the default profile as we do, but for what ioctl may not', () => {
  const random = randomness(5);
  for (const machine of ['x64', 'arm64'] as const) {
    const names = new Set(ABIS[machine].flatMap(knownNames));
    for (const more of [[], ['CAP_SYS_ADMIN'], ['CAP_SYS_PTRACE']]) {
      const capabilities = [...DEFAULT_CAPABILITIES, ...more];
      const profile = resolveProfile(defaultProfile, { arch: machine, capabilities });
      const syscalls = profile
        .syscalls!.filter((rule) => !(rule.names.includes('ioctl') && rule.args))
        .map((rule) => ({ ...rule, names: rule.names.filter((name) => names.has(name)) }));
      compare({ ...profile, syscalls }, random, 20, machine);
    }
  }
});

test('libseccomp has the same numbers for every architecture', () => {
  for (const abi of Object.values(ABIS).flat()) {
    const theirs = numbersOf(abi);
    assert.ok(theirs.size > 300, abi.arch);
    assert.equal(
      [...theirs].filter(([name, number]) => abi.numbers.get(name) !== number),
      [],
      abi.arch,
    );
  }
});

test.run();
