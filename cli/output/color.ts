import { Chalk, type ForegroundColorName } from 'chalk';

/** Whether a stream ends at a terminal. */
export function isTerminal(stream: object): boolean {
  return 'isTTY' in stream && stream.isTTY === true;
}

/**
 * Text for a stream, in this colour where the stream wants colours: not where it is no terminal, where NO_COLOR is set and
 * not empty (https://no-color.org), or on a dumb terminal.
 */
export function colored(
  color: ForegroundColorName,
  text: string,
  stream: object,
  env: Record<string, string | undefined>,
): string {
  const wanted = isTerminal(stream) && !env.NO_COLOR && env.TERM !== 'dumb';
  return wanted ? new Chalk({ level: 1 })[color](text) : text;
}
