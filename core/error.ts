/**
 * The one error class. Everybody may import this file: it imports nothing.
 *
 * What the user sees is at most three lines:
 *   Error: <message>[: <why>]
 *   <hint>
 */

export type ErrorCode =
  | 'usage' // the command line or an option's value is wrong
  | 'not-found' // a named container, image, volume, file does not exist
  | 'conflict' // a name, port or object is in use or in the wrong state
  | 'denied' // permission, authentication or policy says no
  | 'missing' // the system lacks something that tsc-pod needs
  | 'unsupported' // a wish that cannot be met here
  | 'invalid' // data from outside (registry, image, file) breaks its format
  | 'network' // a remote end can't be reached or fails
  | 'no-space' // a disk or quota is full
  | 'launch' // the container's process could not be started
  | 'interrupted' // a signal ended the work
  | 'io'; // any other failing system call

export interface ErrorDetail {
  code: ErrorCode;
  /** What failed, on what: "cannot pull docker.io/library/alpine:latest". */
  message: string;
  /** Why, when the message does not say so. */
  why?: string | undefined;
  /** What to do next: a command to paste, or one sentence. */
  hint?: string | undefined;
  /** Exit status of the process; 125 (the tool failed) unless told. */
  exitCode?: number | undefined;
  cause?: unknown;
}

export class PodError extends Error {
  readonly code: ErrorCode;
  readonly why: string | undefined;
  readonly hint: string | undefined;
  readonly exitCode: number;

  constructor(detail: ErrorDetail) {
    super(detail.message, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.name = 'PodError';
    this.code = detail.code;
    this.why = detail.why;
    this.hint = detail.hint;
    this.exitCode = detail.exitCode ?? 125;
  }
}

/** The message with its reason, as one line. */
export function wholeMessage({ message, why }: Pick<PodError, 'message' | 'why'>): string {
  return why ? `${message}: ${why}` : message;
}

/** The errno name (`ENOENT`) of a failed system call, or undefined for any other value. */
export function errnoOf(error: unknown): string | undefined {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  return undefined;
}

/** Why a system call of Node's failed, without its code and the call: `no such file or directory`. */
export function callReason(error: unknown): string {
  const said = error instanceof Error ? error.message : String(error);
  return said.replace(/^[A-Z][A-Z0-9]+: |, \w+( '.*')?$/g, '');
}

const REASONS: Record<string, { code: ErrorCode; why: string; hint: string }> = {
  ENOSPC: {
    code: 'no-space',
    why: 'the disk is full',
    hint: 'free some space: tsc-pod system prune, or another disk with --root DIR',
  },
  EDQUOT: { code: 'no-space', why: 'the disk quota is used up', hint: 'use another disk with --root DIR' },
  EROFS: { code: 'io', why: 'the file system is read-only', hint: 'use another place with --root DIR' },
  EACCES: { code: 'denied', why: 'permission denied', hint: 'use another place with --root DIR' },
  EPERM: { code: 'denied', why: 'the operation is not permitted', hint: 'use another place with --root DIR' },
  EMFILE: { code: 'io', why: 'too many files are open', hint: 'ulimit -n 4096   # allows more' },
  EIO: { code: 'io', why: 'the disk fails', hint: 'dmesg   # tells more' },
};

/** Does something with the file `path`; what fails names it: Node's errors of write(2) and fsync(2) name none. */
export function naming<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const { syscall, path: named } = (error ?? {}) as NodeJS.ErrnoException;
    if (syscall !== undefined && named === undefined) Object.assign(error as Error, { path });
    throw error;
  }
}

/** A failed system call of Node's that the machine's state explains, as the user is told of it; undefined: it doesn't. */
export function systemError(error: unknown): PodError | undefined {
  if ((error as NodeJS.ErrnoException)?.syscall === 'uv_cwd')
    return new PodError({
      code: 'not-found',
      message: 'cannot tell which directory this is',
      why: 'it has been removed',
      hint: 'cd   # to one that is there',
      cause: error,
    });
  const reason = REASONS[errnoOf(error) ?? ''];
  if (!reason || error instanceof PodError) return undefined;
  const { syscall = 'use', path } = error as NodeJS.ErrnoException;
  return new PodError({
    ...reason,
    message: path ? `cannot ${syscall} ${path}` : `cannot ${syscall}`,
    cause: error,
  });
}
