/** Documents within the Dockerfile: `<<EOF` (Dockerfile reference, "Here-Documents"). */

import type { Heredoc } from './dockerfile.ts';
import { type Lines, withoutBreak } from './lines.ts';
import { isBlank } from './words.ts';

export type HeredocMark = Omit<Heredoc, 'content'>;

/** What a word asks for: `<<EOF`, `<<-"EOF"`, `3<<EOF`; undefined for any other word. */
export function heredocMark(word: string): HeredocMark | undefined {
  let at = 0;
  while (at < word.length && word[at]! >= '0' && word[at]! <= '9') at++;
  if (at > 4 || !word.startsWith('<<', at)) return undefined;
  const descriptor = word.slice(0, at);
  at += 2;
  const chomp = word[at] === '-';
  const name = word.slice(chomp ? at + 1 : at);
  if (name.includes('<')) return undefined;
  const bare = withoutQuotes(name);
  if (bare === undefined || bare === '' || [...bare].some(isBlank)) return undefined;
  return {
    name: bare,
    expand: bare === name,
    chomp,
    ...(descriptor === '' ? {} : { fileDescriptor: Number(descriptor) }),
  };
}

/** undefined: a quote isn't closed. */
function withoutQuotes(text: string): string | undefined {
  let out = '';
  let quote = '';
  for (const character of text) {
    if (quote === '' && (character === '"' || character === "'")) quote = character;
    else if (character === quote) quote = '';
    else out += character;
  }
  return quote === '' ? out : undefined;
}

/** Those of an instruction's line, in their order: words of their own that aren't in quotes. */
export function heredocMarks(line: string): HeredocMark[] {
  if (!line.includes('<<')) return [];
  const marks: HeredocMark[] = [];
  for (const word of shellWords(line) ?? []) {
    const mark = heredocMark(word);
    if (mark) marks.push(mark);
  }
  return marks;
}

/** Words as a shell has them, with quotes and escapes; undefined where a quote isn't closed. */
function shellWords(line: string): string[] | undefined {
  const words: string[] = [];
  let begin = -1;
  let quote = '';
  for (let at = 0; at <= line.length; at++) {
    const character = line[at];
    if (quote === '' && (character === undefined || isBlank(character))) {
      if (begin >= 0) words.push(line.slice(begin, at));
      begin = -1;
      continue;
    }
    if (character === undefined) return undefined;
    if (begin < 0) begin = at;
    if (character === '\\' && quote !== "'") at++;
    else if (character === quote) quote = '';
    else if (quote === '' && (character === '"' || character === "'")) quote = character;
  }
  return words;
}

/** Reads the lines up to the one that is its name; undefined where there is none. */
export function readHeredoc(lines: Lines, mark: HeredocMark): Heredoc | undefined {
  const content: string[] = [];
  for (let line = lines.read(); line !== undefined; line = lines.read()) {
    const bare = withoutBreak(line);
    if ((mark.chomp ? withoutTabs(bare) : bare) === mark.name) return { ...mark, content: content.join('') };
    content.push(line);
  }
  return undefined;
}

/** What the document says: `<<-` takes tabs at the beginnings of lines off. */
export function heredocText({ content, chomp }: Heredoc): string {
  return chomp ? content.split('\n').map(withoutTabs).join('\n') : content;
}

function withoutTabs(line: string): string {
  let at = 0;
  while (line[at] === '\t') at++;
  return line.slice(at);
}
