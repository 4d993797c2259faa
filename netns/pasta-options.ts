/** `--network pasta:WORD,...`, as podman has it: the words are pasta's own, pasta(1), and `--map-gw`. */

import { PodError } from '../core/error.ts';
import { isIPv4 } from './address.ts';

export interface PastaOptions {
  /** Words of pasta's command line. */
  words: string[];
  /** The gateway's address is the host's loopback, with all that listens there. */
  mapGateway: boolean;
}

/** What decides which process pasta is, and whose network it makes. */
const OURS = new Set([
  ...['-P', '--pid', '-f', '--foreground', '-F', '--fd', '-h', '--help', '--version', '-s', '--socket'],
  ...['--netns', '--userns', '--netns-only', '--no-netns-quit', '--runas', '-1', '--one-off'],
]);

function wrong(word: string, why: string, hint?: string): PodError {
  return new PodError({
    code: 'usage',
    message: `cannot use --network pasta:${word}`,
    why,
    hint,
  });
}

/** The text behind `pasta:`; empty for the defaults. Throws PodError `usage`. */
export function parsePastaOptions(text: string): PastaOptions {
  const words: string[] = [];
  let mapGateway = false;
  let mayBeValue = false; // a second word without a dash would be a command to run
  for (const word of text === '' ? [] : text.split(',')) {
    const name = word.split('=')[0]!;
    if (OURS.has(name)) throw wrong(word, 'tsc-pod says this itself');
    if (!word.startsWith('-') && !mayBeValue)
      throw wrong(
        word || text,
        word === '' ? 'a word is empty' : `${word} is no option of pasta's`,
        '--network pasta:--mtu,1500,-T,5432   # pasta(1), with commas for spaces',
      );
    mayBeValue = word.startsWith('-');
    if (word === '--map-gw') mapGateway = true;
    else words.push(word);
  }
  return { words, mapGateway };
}

/** The last value of an option. */
export function pastaValue(words: readonly string[], ...names: string[]): string | undefined {
  let value: string | undefined;
  for (const [index, word] of words.entries()) {
    const [name, joined] = word.split(/=(.*)/s, 2);
    if (names.includes(word)) value = words[index + 1];
    else if (joined !== undefined && names.includes(name!)) value = joined;
  }
  return value;
}

export function hasPastaOption(words: readonly string[], ...names: string[]): boolean {
  return words.some((word) => names.includes(word.split('=')[0]!));
}

/** The IPv4 address that the container is to have, where it is told and not the host's. */
export function pastaAddress({ words }: PastaOptions): string | undefined {
  const value = pastaValue(words, '-a', '--address');
  return value !== undefined && isIPv4(value) ? value : undefined;
}
