/** Wildcards of COPY and ADD: Go's filepath.Match, which they are documented to follow. Names are byte strings. */

import { PodError } from '../../error.ts';
import { asText } from '../context/tree-context.ts';
import { codesOf, compileGlob } from '../dockerfile/glob.ts';

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
 * The pattern for a whole name or path: `*` and `?` take no slash; `[a-z]`, `[^a-z]`; a backslash takes the next character
 * as it is. `deep`: `**` takes whole directories, as in .dockerignore. Throws PodError `invalid` for what Go calls
 * ErrBadPattern.
 */
export function matcher(pattern: string, { deep = false } = {}): (path: string) => boolean {
  const glob = compileGlob(asText(pattern), { deep });
  if (!glob)
    throw new PodError({
      code: 'invalid',
      message: `cannot read the pattern ${JSON.stringify(pattern)}`,
      why: 'it ends in the middle of a character class or an escape, or a class is empty or has a stray "-"',
    });
  return (path) => glob.matches(codesOf(asText(path)));
}
