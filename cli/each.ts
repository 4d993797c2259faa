import type { PodCommand } from './command.ts';
import { reportError } from './output/error.ts';

/**
 * Does one thing for several names: each gets its own result, a failure of one stops no other, and the exit status is
 * that of the first failure. What `work` returns is printed.
 */
export async function forEachName(
  command: PodCommand,
  names: readonly string[],
  work: (name: string) => string | undefined | Promise<string | undefined>,
): Promise<number> {
  let status = 0;
  for (const name of names) {
    try {
      const line = await work(name);
      if (line !== undefined) command.context.stdout.write(`${line}\n`);
    } catch (error) {
      const code = reportError(error, command.context, { debug: command.debug });
      status ||= code;
    }
  }
  return status;
}
