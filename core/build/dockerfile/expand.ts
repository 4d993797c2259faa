/** Variables in words (Dockerfile reference, "Environment replacement"). */

import { PodError } from '../../error.ts';
import type { Escape } from './dockerfile.ts';

/** The value of a variable; undefined where it isn't set. */
export type Lookup = (name: string) => string | undefined;

export interface ExpandOptions {
  readonly escape?: Escape;
  /** Quotes and escapes stay as they are: what is in a heredoc. */
  readonly raw?: boolean;
  /** Is told of each variable that isn't set and has no default. */
  readonly onUnset?: (name: string) => void;
}

/** One word: variables replaced, quotes and escapes taken off. Throws PodError `invalid`: a bad form, `${a:?text}`. */
export function expandWord(_word: string, _lookup: Lookup, _options: ExpandOptions = {}): string {
  throw new PodError({ code: 'unsupported', message: 'cannot expand a word yet' });
}

/** The words of a line, split at blanks after the expansion of what isn't quoted (EXPOSE). */
export function expandWords(_line: string, _lookup: Lookup, _options: ExpandOptions = {}): string[] {
  throw new PodError({ code: 'unsupported', message: 'cannot expand words yet' });
}
