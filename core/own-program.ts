/** How this program is started once more, for work that another processor can do. */

/** The first word of a process that unpacks for another (core/images/unpack/unpackers.ts). */
export const UNPACKER = '__unpack';

let command: readonly string[] | undefined;

/** Tells, once at the start, what begins a command line of this program. */
export function provideOwnProgram(words: readonly string[]): void {
  command = words;
}

/** Undefined where the program isn't one that can be started: in tests of its parts. */
export function ownProgram(): readonly string[] | undefined {
  return command;
}
