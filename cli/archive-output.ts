import { writeWhole } from '../core/aside.ts';
import { PodError } from '../core/error.ts';
import type { PodCommand } from './command.ts';
import { isTerminal } from './output/color.ts';

/** Writes an archive into the file of --output, or without one to standard output, unless that is a terminal. `usage`: what to type there. */
export async function writeArchive(
  { context }: PodCommand,
  file: string | undefined,
  usage: string,
  write: (emit: (bytes: Uint8Array) => void) => Promise<void>,
): Promise<void> {
  if (file !== undefined) return writeWhole(file, write);
  if (isTerminal(context.stdout))
    throw new PodError({
      code: 'usage',
      message: 'refused to write a tar archive to a terminal',
      hint: usage,
    });
  return write((bytes) => void context.stdout.write(bytes));
}
