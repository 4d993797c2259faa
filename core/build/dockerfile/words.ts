/** How a line is cut into words. Nothing is expanded here; but for flags, quotes and escapes stay in the words. */

import type { Escape } from './dockerfile.ts';

/** Tabs, line breaks, the blank, and two that Go's unicode.IsSpace takes for blanks: NEL and the no-break space. */
export function isBlank(character: string): boolean {
  const code = character.charCodeAt(0);
  return code === 0x20 || (code >= 0x09 && code <= 0x0d) || code === 0x85 || code === 0xa0;
}

/** The first word, and what follows it. */
export function cutWord(text: string): [word: string, rest: string] {
  let end = 0;
  while (end < text.length && !isBlank(text[end]!)) end++;
  return [text.slice(0, end), text.slice(end).trim()];
}

/** Words between blanks; quotes mean nothing (COPY, ADD, EXPOSE, FROM, VOLUME). */
export function plainWords(text: string): string[] {
  return text.split(/[\t\v\f\r\n ]+/).filter((word) => word !== '');
}

/**
 * Words between blanks that aren't in quotes and not escaped. An unclosed quote lasts to the end; an escape character
 * that ends the text is dropped. ENV, LABEL, ARG.
 */
export function quotedWords(text: string, token: Escape): string[] {
  const words: string[] = [];
  let begin = -1; // of the word
  let quote = '';
  let end = text.length;
  for (let at = 0; at < end; at++) {
    const character = text[at]!;
    if (begin < 0) {
      if (isBlank(character)) continue;
      begin = at;
    }
    if (quote === '' && isBlank(character)) {
      words.push(text.slice(begin, at));
      begin = -1;
    } else if (character === token && quote !== "'") {
      if (at + 1 === text.length) end = at;
      at++;
    } else if (quote !== '') {
      if (character === quote) quote = '';
    } else if (character === '"' || character === "'") quote = character;
  }
  if (begin >= 0 && begin < end) words.push(text.slice(begin, end));
  return words;
}

/** Words that begin with `--` before all others, without their quotes and escapes (always `\`), and what follows. */
export function cutFlags(text: string): { flags: string[]; rest: string } {
  const flags: string[] = [];
  let at = 0;
  for (;;) {
    while (at < text.length && isBlank(text[at]!)) at++;
    if (!text.startsWith('--', at)) return { flags, rest: text.slice(at).trim() };
    const { word, end } = flagAt(text, at);
    at = end;
    if (word === '--') return { flags, rest: text.slice(at).trim() };
    flags.push(word);
  }
}

function flagAt(text: string, from: number): { word: string; end: number } {
  const pieces: string[] = [];
  let quote = '';
  let at = from;
  for (; at < text.length; at++) {
    const character = text[at]!;
    if (character === '\\') {
      if (++at < text.length) pieces.push(text[at]!);
    } else if (quote !== '') {
      if (character === quote) quote = '';
      else pieces.push(character);
    } else if (isBlank(character)) break;
    else if (character === '"' || character === "'") quote = character;
    else pieces.push(character);
  }
  return { word: pieces.join(''), end: at };
}

/** A JSON list of strings; undefined where the text isn't JSON, null for a list of other things. */
export function jsonWords(text: string): string[] | null | undefined {
  if (!text.startsWith('[')) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!Array.isArray(value)) return undefined;
  return value.every((item) => typeof item === 'string') ? value : null;
}
