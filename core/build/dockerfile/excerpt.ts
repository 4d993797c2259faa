/** The lines of a Dockerfile that a message is about. */

import type { LineRange } from './dockerfile.ts';

const AROUND = 2;
const WIDEST = 200;
const LONGEST = 100;

/**
 * The lines with two around them, numbered, the ones meant marked, as docker shows them; no line break at the end. Of very
 * many, the first.
 *
 *      3 |     FROM alpine
 *      4 | >>> RUN false
 */
export function excerpt(text: string, line: LineRange): string {
  const last = Math.min(line.end + AROUND, line.start + LONGEST);
  const lines = linesAround(text, Math.max(1, line.start - AROUND), last);
  return lines
    .map(({ number, content }) => {
      const mark = number >= line.start && number <= line.end ? '>>>' : '   ';
      return `${String(number).padStart(4)} | ${mark} ${shortened(content, WIDEST)}`.trimEnd();
    })
    .join('\n');
}

/** The beginning of what nobody would read to its end. */
export const shortened = (text: string, most = 4096): string =>
  text.length > most ? `${text.slice(0, most)}...` : text;

/** The excerpt between rulers, below the place that it is of: `Dockerfile:4`. */
export function framedExcerpt({ name, text }: { name: string; text: string }, line: LineRange): string {
  return `${name}:${line.start}\n${RULER}\n${excerpt(text, line)}\n${RULER}`;
}
const RULER = '-'.repeat(20);

function linesAround(text: string, first: number, last: number): { number: number; content: string }[] {
  const lines: { number: number; content: string }[] = [];
  let at = 0;
  for (let number = 1; number <= last && at <= text.length; number++) {
    const newline = text.indexOf('\n', at);
    const end = newline < 0 ? text.length : newline;
    if (number >= first && !(newline < 0 && at === text.length)) {
      lines.push({ number, content: text.slice(at, Math.min(end, at + WIDEST + 1)).replace(/\r$/, '') });
    }
    at = end + 1;
    if (newline < 0) break;
  }
  return lines;
}
