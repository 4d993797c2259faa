/** What a profile means, worked out rule by rule with no regard for speed: the tests compare the compiler with it. */
import type { OciSeccomp, OciSyscallArg, OciSyscallRule } from '../../../../rootless/seccomp/oci.ts';
import type { Abi } from '../../../../rootless/seccomp/syscall-tables.ts';

const VALUES: Record<string, number> = {
  SCMP_ACT_KILL: 0,
  SCMP_ACT_KILL_THREAD: 0,
  SCMP_ACT_KILL_PROCESS: 0x80000000,
  SCMP_ACT_TRAP: 0x30000,
  SCMP_ACT_ERRNO: 0x50000,
  SCMP_ACT_TRACE: 0x7ff00000,
  SCMP_ACT_LOG: 0x7ffc0000,
  SCMP_ACT_ALLOW: 0x7fff0000,
};

export function returned(action: string, errnoRet?: number): number {
  const value = VALUES[action]!;
  return action === 'SCMP_ACT_ERRNO' || action === 'SCMP_ACT_TRACE' ? value + (errnoRet ?? 1) : value;
}

/** 0 is the strictest. */
const rank = (value: number): number =>
  [0x80000000, 0, 0x30000, 0x50000, 0x7ff00000, 0x7ffc0000, 0x7fff0000].indexOf((value & 0xffff0000) >>> 0);

export function holds(arg: OciSyscallArg, args: bigint[]): boolean {
  const actual = args[arg.index]!;
  const value = BigInt.asUintN(64, BigInt(arg.value));
  switch (arg.op) {
    case 'SCMP_CMP_EQ':
      return actual === value;
    case 'SCMP_CMP_NE':
      return actual !== value;
    case 'SCMP_CMP_LT':
      return actual < value;
    case 'SCMP_CMP_LE':
      return actual <= value;
    case 'SCMP_CMP_GT':
      return actual > value;
    case 'SCMP_CMP_GE':
      return actual >= value;
    default:
      return (actual & value) === BigInt.asUintN(64, BigInt(arg.valueTwo ?? 0));
  }
}

function fits(rule: OciSyscallRule, args: bigint[]): boolean {
  const tests = rule.args ?? [];
  const twice = new Set(tests.map((test) => test.index)).size < tests.length;
  return twice ? tests.some((test) => holds(test, args)) : tests.every((test) => holds(test, args));
}

/** What a filter for this profile answers to a call of a 64-bit architecture. */
export function evaluate(profile: OciSeccomp, abi: Abi, number: number, args: bigint[]): number {
  const fallback = returned(profile.defaultAction, profile.defaultErrnoRet);
  const rules = profile.syscalls ?? [];
  const numbered = (rule: OciSyscallRule) => rule.names.map((name) => abi.numbers.get(name));
  const newest = Math.max(
    ...(rules.flatMap(numbered).filter((n) => n !== undefined && n < 0xf0000) as number[]),
  );
  if (number >= 0x40000000 && abi.arch === 'SCMP_ARCH_X86_64') return 0x50000 + 38;
  const about = rules.filter((rule) => numbered(rule).includes(number));
  if (about.length === 0) return number > newest && rank(fallback) < 4 ? 0x50000 + 38 : fallback;

  const conditional = (rule: OciSyscallRule) => (rule.args ?? []).length > 0;
  const value = (rule: OciSyscallRule) => returned(rule.action, rule.errnoRet);
  const always = about.find((rule) => !conditional(rule) && value(rule) !== fallback);
  const base = always === undefined ? fallback : value(always);
  const best = about
    .filter((rule) => conditional(rule) && fits(rule, args))
    .filter((rule) => always === undefined || rank(value(rule)) < rank(base))
    .reduce<number | undefined>(
      (sofar, rule) => (sofar !== undefined && rank(sofar) <= rank(value(rule)) ? sofar : value(rule)),
      undefined,
    );
  return best ?? base;
}
