/** Wildcards of COPY and ADD: Go's filepath.Match, which they are documented to follow. Names are byte strings. */

import { PodError } from '../../error.ts';

const SPECIAL = /[*?[\]\\]/;

/** Whether a name has `*`, `?` or `[`, not escaped by a backslash. */
export function hasWildcards(pattern: string): boolean {
  return /(?:^|[^\\])(?:\\\\)*[*?[]/.test(pattern);
}

/** A pattern without wildcards as the name that it means: `\[` is `[`. */
export function plainName(pattern: string): string {
  return SPECIAL.test(pattern) ? pattern.replace(/\\(.)/gs, '$1') : pattern;
}

/**
 * The pattern as a regular expression for a whole name or path: `*` and `?` take no slash; `[a-z]`, `[^a-z]`; a
 * backslash takes the next character as it is. `deep`: `**` takes whole directories, as in .dockerignore.
 * Throws PodError `invalid` for what Go calls ErrBadPattern.
 */
export function matcher(pattern: string, { deep = false } = {}): (path: string) => boolean {
  let at = 0;
  let text = '';
  const bad = (why: string) =>
    new PodError({ code: 'invalid', message: `cannot read the pattern ${JSON.stringify(pattern)}`, why });
  const one = (): string => {
    if (pattern[at] === '\\') at++;
    const next = pattern[at++];
    if (next === undefined) throw bad('it ends in the middle of a character class or an escape');
    return next;
  };
  const range = (): string => {
    let inside = '';
    const negated = pattern[at] === '^';
    if (negated) at++;
    for (let first = true; first || pattern[at] !== ']'; first = false) {
      if (pattern[at] === '-' || pattern[at] === ']')
        throw bad('a character class is empty or has a stray "-"');
      const low = one();
      const isRange = pattern[at] === '-';
      if (isRange) at++;
      const high = isRange ? one() : low;
      if (low <= high) inside += `${escaped(low)}-${escaped(high)}`;
    }
    at++;
    if (inside === '') return negated ? '[^/]' : '(?!)';
    return negated ? `(?![${inside}])[^/]` : `[${inside}]`;
  };
  while (at < pattern.length) {
    const next = pattern[at]!;
    if (deep && pattern.startsWith('**/', at)) {
      text += '(?:[^/]*/)*';
      at += 3;
    } else if (deep && pattern.startsWith('**', at)) {
      text += '.*';
      at += 2;
    } else if (next === '*') {
      text += '[^/]*';
      at++;
    } else if (next === '?') {
      text += ANY;
      at++;
    } else if (next === '[') {
      at++;
      text += range();
    } else text += escaped(one());
  }
  const whole = new RegExp(`^${text}$`, 's');
  return (path) => whole.test(path);
}

/** One character of UTF-8, or a byte that begins none. */
const ANY = '(?:[\\xc2-\\xf4][\\x80-\\xbf]{1,3}|[^/])';

const escaped = (character: string): string => character.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
