import { PodError } from '../core/error.ts';
import type { PodCommand } from './command.ts';
import { isTerminal } from './output/color.ts';

/**
 * Asks whether to go on, on a terminal. Throws PodError where there is none to ask, and where the answer is no: what is
 * removed can't be brought back.
 */
export async function confirm(command: PodCommand, warning: string): Promise<void> {
  const { stdin, stdout } = command.context;
  if (!isTerminal(stdin))
    throw new PodError({
      code: 'usage',
      message: 'cannot ask whether to go on',
      why: 'standard input is no terminal',
      hint: 'add --force (-f) to do it without being asked',
    });
  stdout.write(`${warning}\nAre you sure you want to continue? [y/N] `);
  const answer = await new Promise<string>((resolve) => {
    stdin.once('data', (chunk) => resolve(String(chunk)));
    stdin.once('end', () => resolve(''));
  });
  (stdin as NodeJS.ReadStream).pause();
  if (!/^y(es)?$/i.test(answer.trim()))
    throw new PodError({ code: 'interrupted', message: 'nothing was removed', exitCode: 1 });
}
