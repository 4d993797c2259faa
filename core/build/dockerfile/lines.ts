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
  /** The comments right above it, without `#`; an empty comment parts them from those before. */
  readonly comments: readonly string[];
  /** Lines of it that are empty. */
  readonly empty: readonly LineRange[];
}

/** The next instruction's lines; undefined at the end. */
export function readLogicalLine(lines: Lines, token: Escape): LogicalLine | undefined {
  let comments: string[] = [];
  for (let line = lines.read(); line !== undefined; line = lines.read()) {
    const begun = line.trimStart();
    if (begun.startsWith('#')) {
      const comment = begun.slice(1).trim();
      comments = comment === '' ? [] : [...lastOf(comments), comment];
      continue;
    }
    if (begun === '') continue;
    return { ...joined(begun, lines, token), comments };
  }
  return undefined;
}

/** A description is looked for near its instruction: a thousand comments are kept as the last sixteen. */
function lastOf(comments: string[]): string[] {
  return comments.length < 16 ? comments : comments.slice(-15);
}

function joined(first: string, lines: Lines, token: Escape): Omit<LogicalLine, 'comments'> {
  const start = lines.number;
  const empty: LineRange[] = [];
  const pieces: string[] = [];
  for (let line: string | undefined = first; line !== undefined; line = lines.read()) {
    if (pieces.length > 0) {
      const begun = line.trimStart();
      if (begun.startsWith('#')) continue;
      if (begun === '') {
        empty.push({ start: lines.number, end: lines.number });
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
