import { PodError } from '../../core/error.ts';

const EPERM = 1;
export const ENOSYS = 38;

/** linux/seccomp.h: SECCOMP_RET_*. A higher word is the action, the lower one its data. */
const RETURN: Record<string, number> = {
  SCMP_ACT_KILL: 0x00000000,
  SCMP_ACT_KILL_THREAD: 0x00000000,
  SCMP_ACT_KILL_PROCESS: 0x80000000,
  SCMP_ACT_TRAP: 0x00030000,
  SCMP_ACT_ERRNO: 0x00050000,
  SCMP_ACT_TRACE: 0x7ff00000,
  SCMP_ACT_LOG: 0x7ffc0000,
  SCMP_ACT_ALLOW: 0x7fff0000,
};

export const ACTIONS = Object.keys(RETURN);

export const KILL_PROCESS = 0x80000000;

/** What a filter returns to refuse a call with this errno. */
export const errno = (number: number): number => (0x00050000 | number) >>> 0;

/** A profile that leaves decisions to another program. */
export function withoutAgent(what: string): PodError {
  return new PodError({
    code: 'unsupported',
    message: 'cannot use the seccomp profile',
    why: `${what}, and there is no agent here that would answer`,
    hint: 'Use SCMP_ACT_ERRNO or SCMP_ACT_ALLOW for these system calls.',
  });
}

/**
 * The value that a filter returns for an action.
 * @param data the errno of ERRNO, what the tracer reads of TRACE; EPERM when missing, as in runc. Others have none.
 * @param where the place in the profile, for the error
 */
export function returnValue(action: string, data: number | undefined, where: string): number {
  if (action === 'SCMP_ACT_NOTIFY') throw withoutAgent(`${where} is ${action}`);
  const value = RETURN[action];
  if (value === undefined) {
    throw new PodError({
      code: 'invalid',
      message: 'cannot use the seccomp profile',
      why: `${where} is ${JSON.stringify(action)}, expected one of ${ACTIONS.join(' ')}`,
    });
  }
  if (action !== 'SCMP_ACT_ERRNO' && action !== 'SCMP_ACT_TRACE') return value;
  return (value | (data ?? EPERM)) >>> 0;
}

/** The kernel's order when several filters disagree (seccomp(2)): the smaller, as a signed number, the stricter. */
export function isStricter(a: number, b: number): boolean {
  return (a & 0xffff0000) < (b & 0xffff0000);
}

/** Lets an unforeseen call through, be it with a note in the log or with a tracer's consent. */
export function isPermissive(value: number): boolean {
  return value >= 0x7ff00000 && value !== KILL_PROCESS;
}
