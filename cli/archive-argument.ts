import { fstatSync } from 'node:fs';
import { PodError } from '../core/error.ts';
import type { ArchiveInput } from '../core/images/archive/archive-input.ts';
import { isTerminalAt } from './output/terminal-at.ts';

/**
 * What a word of the command line reads: a file, an address, or with "-" or none standard input, which is read where it
 * lies if it is a file. `usage`: what to type instead, at a terminal.
 */
export function archiveOf(
  word: string | undefined,
  stdin: AsyncIterable<Uint8Array>,
  usage: string,
): ArchiveInput {
  if (word !== undefined && word !== '-') return word;
  if (isTerminalAt(0))
    throw new PodError({ code: 'usage', message: 'refused to read an archive from a terminal', hint: usage });
  return fstatSync(0).isFile() ? '/dev/stdin' : stdin;
}
