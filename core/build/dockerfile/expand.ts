/** Variables in words (Dockerfile reference, "Environment replacement"). */

import { PodError } from '../../error.ts';
import type { Escape } from './dockerfile.ts';
import { quoted } from './refusal.ts';
import { matchEnd, parseWildcard, replaceMatches, reversed } from './wildcard.ts';
import { isBlank } from './words.ts';

/** The value of a variable; undefined where it isn't set. */
export type Lookup = (name: string) => string | undefined;

export interface ExpandOptions {
  readonly escape?: Escape;
  /** Quotes are characters like others: what is in a heredoc. Its escape character is always `\`. */
  readonly document?: boolean;
  /** Is told of each variable that isn't set and has no default. */
  readonly onUnset?: (name: string) => void;
  /** Is told of each variable that is looked up. */
  readonly onUse?: (name: string) => void;
}

/** UTF-16 units: what a word may become (the kernel takes arguments of 128 KiB), and what a document may. */
const LONGEST_WORD = 1 << 20;
const LONGEST_DOCUMENT = 32 << 20;
const DEEPEST = 64;

/** One word: variables replaced, quotes and escapes taken off. Throws PodError `invalid`: a bad form, `${a:?text}`. */
export function expandWord(word: string, lookup: Lookup, options: ExpandOptions = {}): string {
  if (isPlain(word, options)) return word;
  return new Expansion(word, lookup, options, false).until(undefined, false).text;
}

/** The words of a line, split at blanks after the expansion of what isn't quoted (EXPOSE). */
export function expandWords(line: string, lookup: Lookup, options: ExpandOptions = {}): string[] {
  return new Expansion(line, lookup, options, true).until(undefined, false).words;
}

function isPlain(word: string, { escape: token = '\\', document = false }: ExpandOptions): boolean {
  if (word.includes('$') || word.includes(document ? '\\' : token)) return false;
  return document || !(word.includes('"') || word.includes("'"));
}

function bad(why: string): PodError {
  return new PodError({ code: 'invalid', message: 'cannot expand a word', why });
}

/** Text, and, where `split` asks for it, the words that it falls into where blanks aren't quoted. */
class Result {
  readonly #longest: number;
  readonly #split: boolean;
  readonly #pieces: string[] = [];
  readonly #done: string[] = [];
  #word: string[] | undefined;
  #length = 0;

  constructor(longest: number, split: boolean) {
    this.#longest = longest;
    this.#split = split;
  }

  #push(text: string): void {
    this.#length += text.length;
    if (this.#length > this.#longest) throw bad(`it becomes longer than ${this.#longest >> 20} MiB`);
    this.#pieces.push(text);
  }

  /** What came out of quotes or an escape: blanks in it part nothing. */
  add(text: string): void {
    this.#push(text);
    if (text === '' || !this.#split) return;
    this.#word ??= [];
    this.#word.push(text);
  }

  addOpen(text: string): void {
    this.#push(text);
    if (!this.#split) return;
    let begin = 0;
    for (let at = 0; at <= text.length; at++) {
      if (at < text.length && !isBlank(text[at]!)) continue;
      if (at > begin) {
        this.#word ??= [];
        this.#word.push(text.slice(begin, at));
      }
      if (at < text.length) this.#endWord();
      begin = at + 1;
    }
  }

  #endWord(): void {
    if (this.#word) this.#done.push(this.#word.join(''));
    this.#word = undefined;
  }

  get text(): string {
    return this.#pieces.join('');
  }

  get words(): string[] {
    this.#endWord();
    return this.#done;
  }
}

class Expansion {
  readonly #word: string;
  readonly #lookup: Lookup;
  readonly #options: ExpandOptions;
  readonly #escape: string;
  readonly #longest: number;
  readonly #split: boolean;
  #at = 0;
  #depth = 0;

  constructor(word: string, lookup: Lookup, options: ExpandOptions, split: boolean) {
    this.#word = word;
    this.#lookup = lookup;
    this.#options = options;
    this.#longest = options.document ? LONGEST_DOCUMENT : LONGEST_WORD;
    this.#split = split;
    this.#escape = options.document ? '\\' : (options.escape ?? '\\');
  }

  /** Up to `stop`, which is taken, or to the end. `keepEscapes`: they are a pattern's. */
  until(stop: string | undefined, keepEscapes: boolean): Result {
    if (++this.#depth > DEEPEST) throw bad(`variables are nested deeper than ${DEEPEST}`);
    const result = new Result(this.#longest, this.#split && stop === undefined);
    const quotes = !this.#options.document;
    for (; this.#at < this.#word.length; ) {
      const character = this.#word[this.#at]!;
      if (character === stop) {
        this.#at++;
        this.#depth--;
        return result;
      }
      if (character === '$') result.addOpen(this.#dollar());
      else if (quotes && character === "'") result.add(this.#singleQuoted());
      else if (quotes && character === '"') result.add(this.#doubleQuoted(keepEscapes));
      else if (character === this.#escape) result.add(this.#escaped(keepEscapes));
      else result.addOpen(this.#plain(stop, quotes));
    }
    if (stop !== undefined) throw bad(`${quoted(this.#word)} has no closing ${stop}`);
    this.#depth--;
    return result;
  }

  /** As many characters as mean only themselves; one at least. */
  #plain(stop: string | undefined, quotes: boolean): string {
    const from = this.#at++;
    for (; this.#at < this.#word.length; this.#at++) {
      const character = this.#word[this.#at]!;
      if (character === stop || character === '$' || character === this.#escape) break;
      if (quotes && (character === '"' || character === "'")) break;
    }
    return this.#word.slice(from, this.#at);
  }

  #escaped(keepEscape: boolean): string {
    const from = this.#at++;
    const character = this.#word[this.#at++] ?? '';
    return keepEscape ? this.#word[from]! + character : character;
  }

  #singleQuoted(): string {
    const from = this.#at + 1;
    const end = this.#word.indexOf("'", from);
    if (end < 0) throw bad(`${quoted(this.#word)} has no closing '`);
    this.#at = end + 1;
    return this.#word.slice(from, end);
  }

  #doubleQuoted(keepEscapes: boolean): string {
    const result = new Result(this.#longest, false);
    for (this.#at++; this.#at < this.#word.length; ) {
      const character = this.#word[this.#at]!;
      if (character === '"') {
        this.#at++;
        return result.text;
      }
      if (character === '$') result.add(this.#dollar());
      else if (character === this.#escape) result.add(this.#escapedInQuotes(keepEscapes));
      else {
        const from = this.#at;
        while (this.#at < this.#word.length && !this.#endsQuoted(this.#word[this.#at]!)) this.#at++;
        result.add(this.#word.slice(from, this.#at));
      }
    }
    throw bad(`${quoted(this.#word)} has no closing "`);
  }

  #endsQuoted(character: string): boolean {
    return character === '"' || character === '$' || character === this.#escape;
  }

  /** Within quotes only `"`, `$` and the escape character itself can be escaped; before others it stays. */
  #escapedInQuotes(keepEscape: boolean): string {
    const token = this.#word[this.#at++]!;
    const next = this.#word[this.#at];
    if (next === undefined || !this.#endsQuoted(next)) return keepEscape ? token + token : token;
    this.#at++;
    return keepEscape ? token + next : next;
  }

  #dollar(): string {
    this.#at++;
    if (this.#word[this.#at] !== '{') {
      const name = this.#name();
      return name === '' ? '$' : (this.#value(name) ?? this.#unset(name));
    }
    this.#at++;
    const name = this.#name();
    const operator = this.#word[this.#at++];
    if (operator === undefined) throw bad(`${quoted(this.#word)} has no closing }`);
    if (name === '') throw bad(`${quoted(this.#word)} has a bad substitution`);
    if (operator === '}') return this.#value(name) ?? this.#unset(name);
    if (operator === '/') return this.#replaced(name);
    if (operator === '#' || operator === '%') return this.#trimmed(name, operator);
    return this.#chosen(name, operator);
  }

  #value(name: string): string | undefined {
    this.#options.onUse?.(name);
    return this.#lookup(name);
  }

  #unset(name: string): string {
    this.#options.onUnset?.(name);
    return '';
  }

  /** Letters, digits and `_`; a name that begins with a digit has only digits; `$?` and its like are never set. */
  #name(): string {
    const from = this.#at;
    const first = this.#word[from] ?? '';
    if ('@*#?-$!'.includes(first) && first !== '') {
      this.#at++;
      return first;
    }
    const letters = first >= '0' && first <= '9' ? /[0-9]/ : /[\p{L}\p{Nd}_]/u;
    while (this.#at < this.#word.length && letters.test(this.#word[this.#at]!)) this.#at++;
    return this.#word.slice(from, this.#at);
  }

  /** `:-` `-` `:+` `+` `:?` `?`. What isn't chosen is expanded, too: its errors count. */
  #chosen(name: string, first: string): string {
    const emptyIsUnset = first === ':';
    const operator = emptyIsUnset ? this.#word[this.#at++] : first;
    if (operator === undefined || !'-+?'.includes(operator))
      throw bad(`\${${name}${first}${emptyIsUnset ? (operator ?? '') : ''}...} is not supported`);
    const word = this.until('}', false).text;
    const value = this.#value(name);
    const isSet = value !== undefined && !(emptyIsUnset && value === '');
    if (operator === '+') return isSet ? word : '';
    if (isSet) return value;
    if (operator === '-') return word;
    throw bad(`${name}: ${word === '' ? `is ${value === undefined ? 'not set' : 'empty'}` : word}`);
  }

  /** `#` `##` `%` `%%` */
  #trimmed(name: string, operator: string): string {
    const longest = this.#word[this.#at] === operator;
    if (longest) this.#at++;
    const pattern = this.#pattern('}');
    const value = this.#value(name) ?? this.#unset(name);
    if (operator === '#') {
      const end = matchEnd(pattern, value, 0, longest);
      return end < 0 ? value : value.slice(end);
    }
    const end = matchEnd(reversed(pattern), turned(value), 0, longest);
    return end < 0 ? value : value.slice(0, value.length - end);
  }

  /** `/` `//` */
  #replaced(name: string): string {
    const all = this.#word[this.#at] === '/';
    if (all) this.#at++;
    const pattern = this.#pattern('/');
    const by = this.until('}', false).text;
    const value = this.#value(name) ?? this.#unset(name);
    if (by.length * (value.length + 1) > 64 * this.#longest) throw bad('it becomes too long');
    return replaceMatches(pattern, value, by, all);
  }

  #pattern(stop: string) {
    const text = this.until(stop, true).text;
    const pattern = parseWildcard(text);
    if (!pattern) throw bad(`${quoted(text)} is no pattern`);
    return pattern;
  }
}

/** By UTF-16 units: what is a pair here is one in the pattern, which is turned round likewise. */
function turned(text: string): string {
  return text.split('').reverse().join('');
}
