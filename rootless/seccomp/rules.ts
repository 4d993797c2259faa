import { isStricter, returnValue } from './actions.ts';
import { type Condition, condition, narrowed } from './conditions.ts';
import { throughOther } from './multiplexed.ts';
import type { OciSeccomp, OciSyscallArg, OciSyscallRule } from './oci.ts';
import type { Abi } from './syscall-tables.ts';

/** What a filter returns when all the conditions hold; without conditions, always. */
export interface Choice {
  conditions: Condition[];
  value: number;
}

/** What becomes of one system call: the first choice that fits, or else `otherwise`. */
export interface Verdict {
  choices: Choice[];
  otherwise: number;
}

/**
 * The verdict on every system call, by number, that the profile names and the architecture has. Names that the table
 * doesn't have are passed over, as in runc: a profile speaks of all architectures and kernels.
 *
 * Where several rules are about one call:
 * - a rule without arguments decides for all arguments; of several the first does (so in libseccomp);
 * - a rule with arguments decides before it if it is stricter, else it says nothing new. libseccomp drops it in both
 *   cases, but a refusal that somebody asked for is never dropped here;
 * - of several rules with arguments that fit, the strictest decides, in the kernel's order (seccomp(2)).
 */
export function verdicts(profile: OciSeccomp, abi: Abi): Map<number, Verdict> {
  const fallback = returnValue(profile.defaultAction, profile.defaultErrnoRet, 'defaultAction');
  const byNumber = new Map<number, Choice[]>();
  const add = (name: string, choices: Choice[]): void => {
    const number = abi.numbers.get(name);
    if (number === undefined) return;
    const known = byNumber.get(number);
    if (known === undefined) byNumber.set(number, [...choices]);
    else known.push(...choices);
  };
  profile.syscalls?.forEach((rule, index) => {
    const where = `syscalls[${index}]`;
    const value = returnValue(rule.action, rule.errnoRet, `${where}.action`);
    const tests = alternatives(rule, where);
    const choices = tests.map((conditions) => ({
      conditions: is32Bit(abi) ? conditions.map(narrowed) : conditions,
      value,
    }));
    for (const name of rule.names) {
      add(name, choices);
      const through = abi.arch === 'SCMP_ARCH_X86' && !rule.args?.length ? throughOther(name) : undefined;
      if (through !== undefined) {
        const meant: Condition = {
          index: 0,
          mask: through.mask,
          comparison: 'equal',
          value: through.value,
          expected: true,
        };
        add(through.call, [{ conditions: [meant], value }]);
      }
    }
  });
  return new Map([...byNumber].map(([number, choices]) => [number, settle(choices, fallback)]));
}

const is32Bit = (abi: Abi): boolean => (abi.audit & 0x80000000) === 0;

/**
 * The conditions of a rule: all must hold. If it speaks of one argument twice, any of them is enough: libseccomp can't
 * combine those, so runc makes a rule of each, and profiles that refuse several values are written that way.
 */
function alternatives(rule: OciSyscallRule, where: string): Condition[][] {
  const args = rule.args ?? [];
  const conditions = args.map((arg: OciSyscallArg, index) => condition(arg, `${where}.args[${index}]`));
  const twice = new Set(args.map((arg) => arg.index)).size < args.length;
  return twice ? conditions.map((one) => [one]) : [conditions];
}

function settle(rules: Choice[], fallback: number): Verdict {
  const always = rules.find((rule) => rule.conditions.length === 0 && rule.value !== fallback);
  const otherwise = always?.value ?? fallback;
  const choices = rules
    .filter((rule) => rule.conditions.length > 0)
    .filter((rule) => always === undefined || isStricter(rule.value, otherwise))
    .toSorted((a, b) => Number(isStricter(b.value, a.value)) - Number(isStricter(a.value, b.value)));
  while (choices.at(-1)?.value === otherwise) choices.pop();
  return { choices, otherwise };
}
