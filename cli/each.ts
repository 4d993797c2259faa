import { PodError } from '../core/error.ts';
import type { PodCommand } from './command.ts';
import { reportError } from './output/error.ts';

/**
 * Does one thing for several names: each gets its own result, a failure of one stops no other, and the exit status is
 * that of the first failure. What `work` returns is printed, in the order of the names. `atOnce`: how many are done
 * side by side, for work that waits.
 */
export async function forEachName(
  command: PodCommand,
  names: readonly string[],
  work: (name: string) => string | undefined | Promise<string | undefined>,
  atOnce = 1,
): Promise<number> {
  let status = 0;
  const begun: Promise<string | undefined>[] = [];
  for (const [index] of names.entries()) {
    while (begun.length < names.length && begun.length < index + atOnce)
      begun.push(begin(work, names[begun.length]!));
    try {
      const line = await begun[index];
      if (line !== undefined) command.context.stdout.write(`${line}\n`);
    } catch (error) {
      const code = reportError(error, command.context, { debug: command.debug });
      status ||= code;
    }
  }
  return status;
}

/** Its failure is looked at when its turn comes. */
function begin(
  work: (name: string) => string | undefined | Promise<string | undefined>,
  name: string,
): Promise<string | undefined> {
  const begun = (async () => work(name))();
  begun.catch(() => {});
  return begun;
}

type Work = (name: string) => Promise<string | undefined>;

/** --ignore: nothing is printed for what isn't there. */
export function unlessMissing(ignore: boolean, work: Work): Work {
  return async (name) => {
    try {
      return await work(name);
    } catch (error) {
      if (ignore && isMissing(error)) return undefined;
      throw error;
    }
  };
}

/** Docker's exit status of a removal whose object isn't there. */
export function exitOneIfMissing(work: Work): Work {
  return async (name) => {
    try {
      return await work(name);
    } catch (error) {
      if (!isMissing(error)) throw error;
      const { code, message, why, hint, cause } = error;
      throw new PodError({ code, message, why, hint, cause, exitCode: 1 });
    }
  };
}

export function isMissing(error: unknown): error is PodError {
  return error instanceof PodError && error.code === 'not-found';
}
