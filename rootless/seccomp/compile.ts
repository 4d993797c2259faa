import { PodError } from '../../core/error.ts';
import { ENOSYS, errno, isPermissive, KILL_PROCESS, returnValue } from './actions.ts';
import { type Assembler, assembler, type Label } from './assembler.ts';
import { emitCondition } from './conditions.ts';
import type { OciSeccomp } from './oci.ts';
import { type Verdict, verdicts } from './rules.ts';
import { ABIS, type Abi, type MachineArch } from './syscall-tables.ts';

/** linux/bpf_common.h: BPF_MAXINSNS. */
const LONGEST = 4096;

/** struct seccomp_data (linux/seccomp.h). */
const NUMBER_AT = 0;
const ARCH_AT = 4;

/** The bit of an x32 call: an x86-64 program with 32-bit pointers, whose arch is that of x86-64. */
const X32_BIT = 0x40000000;

/** ARM's calls of its own (cacheflush and such) are far above the others, and aren't the newest. */
const PRIVATE_CALLS = 0xf0000;

/** System calls from `from` on, until the next span, get this verdict. */
interface Span {
  from: number;
  verdict: Verdict;
}

/**
 * Compiles the seccomp part of an OCI runtime config to a classic BPF program: struct sock_filter[], little-endian.
 *
 * The architecture is looked at first, then the number, by halving, then the arguments. A call of an architecture
 * that the profile doesn't list ends the process (SIGSYS), as in libseccomp; x32 is never there (ENOSYS), whatever
 * is listed: nobody builds for it, and it doubles what can be called. Calls that are newer than anything the profile
 * speaks of get ENOSYS where they would be refused, as in runc: the C library then falls back to an older one.
 *
 * @throws PodError 'invalid' for what isn't in the specification or is too long, 'unsupported' for SCMP_ACT_NOTIFY
 */
export function compileSeccomp(profile: OciSeccomp, machine: MachineArch): Uint8Array {
  const [own, ...others] = ABIS[machine];
  const listed = new Set(profile.architectures ?? []);
  const code = assembler();
  let next = code.finish(KILL_PROCESS);
  for (const abi of [...others.filter((other) => listed.has(other.arch)).toReversed(), own]) {
    const rules = code.load(NUMBER_AT, emitSpans(code, spansOf(profile, abi)));
    next = code.branch('eq', abi.audit, rules, next);
  }
  code.load(ARCH_AT, next);
  if (code.length() > LONGEST) {
    throw new PodError({
      code: 'invalid',
      message: 'cannot use the seccomp profile',
      why: `it compiles to ${code.length()} instructions, and the kernel takes ${LONGEST}`,
      hint: 'Put system calls with the same action into one rule, or compare fewer arguments.',
    });
  }
  return code.program();
}

/** All numbers from 0 on, each span as long as its calls have one verdict. */
function spansOf(profile: OciSeccomp, abi: Abi): Span[] {
  const fallback = always(returnValue(profile.defaultAction, profile.defaultErrnoRet, 'defaultAction'));
  const absent = always(errno(ENOSYS));
  const rules = verdicts(profile, abi);
  const named = [...rules.keys()].sort((a, b) => a - b);
  const newest = named.findLast((number) => number < PRIVATE_CALLS);
  const unknown = newest === undefined || isPermissive(fallback.otherwise) ? fallback : absent;
  const ends = abi.arch === 'SCMP_ARCH_X86_64' ? X32_BIT : 2 ** 32;

  const spans: Span[] = [];
  const add = (from: number, verdict: Verdict): void => {
    const last = spans.at(-1)?.verdict;
    const same = last?.otherwise === verdict.otherwise && !last.choices.length && !verdict.choices.length;
    if (!same) spans.push({ from, verdict });
  };
  let from = 0;
  for (const number of named) {
    if (number > from) add(from, from > (newest ?? 0) ? unknown : fallback);
    add(number, rules.get(number)!);
    from = number + 1;
  }
  add(from, unknown);
  if (ends === X32_BIT) add(X32_BIT, absent);
  return spans;
}

const always = (value: number): Verdict => ({ choices: [], otherwise: value });

/** A balanced tree of comparisons; the accumulator holds the number. */
function emitSpans(code: Assembler, spans: Span[]): Label {
  if (spans.length === 1) return emitVerdict(code, spans[0]!.verdict);
  const middle = spans.length >> 1;
  const above = emitSpans(code, spans.slice(middle));
  const below = emitSpans(code, spans.slice(0, middle));
  return code.branch('ge', spans[middle]!.from, above, below);
}

function emitVerdict(code: Assembler, verdict: Verdict): Label {
  let next = code.finish(verdict.otherwise);
  for (const choice of verdict.choices.toReversed()) {
    let matched = code.finish(choice.value);
    for (const test of choice.conditions.toReversed()) matched = emitCondition(code, test, matched, next);
    next = matched;
  }
  return next;
}
