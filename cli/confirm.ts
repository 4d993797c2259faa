import { PodError } from '../core/error.ts';
import type { PodCommand } from './command.ts';
import { isTerminal } from './output/color.ts';

/** The first line of a stream; undefined where it ends without one. */
async function firstLine(stream: NodeJS.ReadableStream): Promise<string | undefined> {
  let text = '';
  const line = await new Promise<string | undefined>((resolve) => {
    stream.on('data', (chunk) => {
      text += chunk;
      const end = text.indexOf('\n');
      if (end >= 0) resolve(text.slice(0, end));
    });
    stream.on('end', () => resolve(text === '' ? undefined : text));
    stream.on('error', () => resolve(undefined));
  });
  stream.pause();
  return line;
}

/**
 * Asks whether to go on; the answer may come through a pipe, as of yes(1). Throws PodError where nobody answers, and
 * where the answer is no: what is removed can't be brought back.
 */
export async function confirm(command: PodCommand, warning: string): Promise<void> {
  const { stdin, stdout } = command.context;
  stdout.write(`${warning}\nAre you sure you want to continue? [y/N] `);
  const answer = await firstLine(stdin as NodeJS.ReadableStream);
  if (!isTerminal(stdin)) stdout.write('\n'); // there it is the user's own
  if (answer !== undefined && /^y(es)?$/i.test(answer.trim())) return;
  if (answer !== undefined)
    throw new PodError({ code: 'interrupted', message: 'nothing was removed', exitCode: 1 });
  throw new PodError({
    code: 'usage',
    message: 'nobody said whether to go on',
    why: 'standard input has ended',
    hint: 'add --force (-f) to do it without being asked',
  });
}
