/** The lines of a Dockerfile, and those that belong together (Dockerfile reference, "Format"). */

import type { Escape, LineRange } from './dockerfile.ts';

/** Reads a text line by line; `number` is that of the line read last. */
export class Lines {
  readonly #text: string;
  #at = 0;
  number = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** The next line with its line break; undefined at the end. */
  read(): string | undefined {
    if (this.#at >= this.#text.length) return undefined;
    const newline = this.#text.indexOf('\n', this.#at);
    const end = newline < 0 ? this.#text.length : newline + 1;
    const line = this.#text.slice(this.#at, end);
    this.#at = end;
    this.number++;
    return line;
  }
}

/** An instruction's lines in one, without comments. */
export interface LogicalLine {
  readonly text: string;
  readonly start: number;
  /** The comment in the line above it, without `#`; directives are none. */
  readonly comment: string | undefined;
  /** The first of its lines that is empty. */
  readonly empty: LineRange | undefined;
}

/** The next instruction's lines; undefined at the end. */
export function readLogicalLine(lines: Lines, token: Escape): LogicalLine | undefined {
  let comment: string | undefined;
  for (let line = lines.read(); line !== undefined; line = lines.read()) {
    const begun = line.trimStart();
    if (begun === '') comment = undefined;
    else if (!begun.startsWith('#')) return { ...joined(begun, lines, token), comment };
    else {
      const text = begun.slice(1).trim();
      comment = text === '' || DIRECTIVE.test(text) ? undefined : text;
    }
  }
  return undefined;
}
const DIRECTIVE = /^(?:syntax|escape|check) *=/i;

function joined(first: string, lines: Lines, token: Escape): Omit<LogicalLine, 'comment'> {
  const start = lines.number;
  let empty: LineRange | undefined;
  const pieces: string[] = [];
  for (let line: string | undefined = first; line !== undefined; line = lines.read()) {
    if (pieces.length > 0) {
      const begun = line.trimStart();
      if (begun.startsWith('#')) continue;
      if (begun === '') {
        empty ??= { start: lines.number, end: lines.number };
        continue;
      }
    }
    const { text, goesOn } = withoutContinuation(line, token);
    pieces.push(text);
    if (!goesOn) break;
  }
  return { text: pieces.join(''), start, empty };
}

/** The escape character at the end takes the line break away, unless it is escaped itself; blanks may follow it. */
function withoutContinuation(line: string, token: Escape): { text: string; goesOn: boolean } {
  const text = withoutBreak(line);
  let end = text.length;
  while (end > 0 && (text[end - 1] === ' ' || text[end - 1] === '\t')) end--;
  const goesOn = text[end - 1] === token && text[end - 2] !== token;
  return goesOn ? { text: text.slice(0, end - 1), goesOn } : { text, goesOn };
}

export function withoutBreak(line: string): string {
  if (!line.endsWith('\n')) return line.endsWith('\r') ? line.slice(0, -1) : line;
  return line.slice(0, line.endsWith('\r\n') ? -2 : -1);
}
