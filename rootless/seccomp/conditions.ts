import { PodError } from '../../core/error.ts';
import type { Assembler, Label } from './assembler.ts';
import type { OciSyscallArg } from './oci.ts';

type Comparison = 'equal' | 'greater' | 'at-least';

/** One test of one argument, in the form that BPF has: `expected` says how the comparison has to come out. */
export interface Condition {
  index: number;
  mask: bigint;
  comparison: Comparison;
  value: bigint;
  expected: boolean;
}

const ALL = 0xffff_ffff_ffff_ffffn;
const LOW = 0xffff_ffffn;

const OPERATORS: Record<string, [Comparison, boolean]> = {
  SCMP_CMP_EQ: ['equal', true],
  SCMP_CMP_NE: ['equal', false],
  SCMP_CMP_GT: ['greater', true],
  SCMP_CMP_LE: ['greater', false],
  SCMP_CMP_GE: ['at-least', true],
  SCMP_CMP_LT: ['at-least', false],
  SCMP_CMP_MASKED_EQ: ['equal', true],
};

export const COMPARISONS = Object.keys(OPERATORS);

/** @param where the place in the profile, for the error */
export function condition(arg: OciSyscallArg, where: string): Condition {
  const operator = OPERATORS[arg.op];
  if (operator === undefined) {
    throw new PodError({
      code: 'invalid',
      message: 'cannot use the seccomp profile',
      why: `${where}.op is ${JSON.stringify(arg.op)}, expected one of ${COMPARISONS.join(' ')}`,
    });
  }
  const [comparison, expected] = operator;
  const masked = arg.op === 'SCMP_CMP_MASKED_EQ';
  return {
    index: arg.index,
    mask: masked ? word(arg.value) : ALL,
    comparison,
    value: word(masked ? (arg.valueTwo ?? 0) : arg.value),
    expected,
  };
}

/** -1 is written as such or as 2^64-1. */
function word(value: number | bigint): bigint {
  return BigInt.asUintN(64, BigInt(value));
}

/**
 * The same for a 32-bit program, whose arguments have no upper half. The number that it passes for -1 is 2^32-1,
 * where the profile's author may have written 2^64-1.
 */
export function narrowed(wide: Condition): Condition {
  const value = wide.value >> 32n === LOW ? wide.value & LOW : wide.value;
  return { ...wide, mask: wide.mask & LOW, value };
}

/** struct seccomp_data (linux/seccomp.h): the arguments follow number, architecture and instruction pointer. */
const argumentAt = (index: number): number => 16 + 8 * index;

/** A 64-bit comparison with 32-bit words: the upper half first, and the lower where that leaves it open. */
export function emitCondition(code: Assembler, test: Condition, matches: Label, fails: Label): Label {
  const [yes, no] = test.expected ? [matches, fails] : [fails, matches];
  const low = { at: argumentAt(test.index), mask: Number(test.mask & LOW), value: Number(test.value & LOW) };
  const high = { at: low.at + 4, mask: Number(test.mask >> 32n), value: Number(test.value >> 32n) };

  const lowTest = test.comparison === 'equal' ? 'eq' : test.comparison === 'greater' ? 'gt' : 'ge';
  const lowHalf = code.load(low.at, code.branch(lowTest, low.value, yes, no), low.mask);
  if (high.mask === 0 && test.comparison === 'equal') return high.value === 0 ? lowHalf : no;
  const highEqual = code.branch('eq', high.value, lowHalf, no);
  const decided = test.comparison === 'equal' ? highEqual : code.branch('gt', high.value, yes, highEqual);
  return code.load(high.at, decided, high.mask);
}
