import { Chalk, type ChalkInstance } from 'chalk';

/** Whether a stream ends at a terminal. */
export function isTerminal(stream: object): boolean {
  return 'isTTY' in stream && stream.isTTY === true;
}

/**
 * Colours for a stream, decided now: none where it is no terminal, where NO_COLOR is set and not empty
 * (https://no-color.org), or on a dumb terminal.
 */
export function colorsFor(stream: object, env: Record<string, string | undefined>): ChalkInstance {
  const wanted = isTerminal(stream) && !env.NO_COLOR && env.TERM !== 'dumb';
  return new Chalk({ level: wanted ? 1 : 0 });
}
