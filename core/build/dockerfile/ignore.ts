/** .dockerignore: which paths of a context aren't part of it. */

import { PodError } from '../../error.ts';

export interface Ignore {
  /** The patterns in force, cleaned. */
  readonly patterns: readonly string[];
  /** Whether a path ("a/b", no slash at either end) is left out: by the last pattern that matches it or a parent. */
  ignores(path: string): boolean;
  /** Whether nothing below an ignored directory can be taken back by a `!` pattern: a walk need not enter it. */
  skipsTree(directory: string): boolean;
}

/** Throws PodError `invalid`: a pattern that can't be read, with its line. */
export function createIgnore(_text: string, _name = '.dockerignore'): Ignore {
  throw new PodError({ code: 'unsupported', message: 'cannot read .dockerignore yet' });
}

/** The same rules for a list of patterns: COPY --exclude. */
export function matchIgnore(_patterns: readonly string[], _path: string): boolean {
  throw new PodError({ code: 'unsupported', message: 'cannot match yet' });
}

/** Paths to look for, the first that is there counts: `build/x.Dockerfile.dockerignore`, then `.dockerignore` of the context. */
export function ignoreFiles(dockerfile: string | undefined): string[] {
  return [...(dockerfile === undefined ? [] : [`${dockerfile}.dockerignore`]), '.dockerignore'];
}
