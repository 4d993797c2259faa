import type { Writable } from 'node:stream';
import { errnoOf, PodError } from '../../core/error.ts';
import { isBrokenPipe } from './error.ts';

/**
 * Watches standard output and error for writes that fail, which streams report on their own time. `fail` gets the
 * error itself for a reader that went away (reportError is silent about it), else a PodError: `> /dev/full` must not
 * look like success. Later failures of the same stream are dropped.
 */
export function watchOutput(stream: Writable, name: string, fail: (error: unknown) => void): void {
  let failed = false;
  stream.on('error', (cause) => {
    if (failed) return;
    failed = true;
    if (isBrokenPipe(cause)) return fail(cause);
    const full = errnoOf(cause) === 'ENOSPC' || errnoOf(cause) === 'EDQUOT';
    fail(
      new PodError({
        code: full ? 'no-space' : 'io',
        message: `cannot write to ${name}`,
        why: full ? 'no space is left' : cause.message,
        cause,
      }),
    );
  });
}
