/** .dockerignore: which paths of a context aren't part of it (Dockerfile reference, ".dockerignore file"). */

import { posix } from 'node:path';
import type { PodError } from '../../error.ts';
import { codesOf, compileGlob, type Glob } from './glob.ts';
import { quoted, refusalAt } from './refusal.ts';

export interface Ignore {
  /** The patterns in force, cleaned. */
  readonly patterns: readonly string[];
  /**
   * Whether a path ("a/b", as text, no slash at either end) is left out: by the last pattern that matches it or a parent.
   * Quickest where paths of one directory follow each other.
   */
  ignores(path: string): boolean;
  /** Whether a directory is ignored with all that is below it, whatever that is: a walk need not enter it. */
  skipsTree(directory: string): boolean;
}

interface Rule {
  /** As written, cleaned. */
  readonly pattern: string;
  /** `!`: what it matches is part of the context. */
  readonly back: boolean;
  readonly glob: Glob;
}

/** UTF-16 units, and patterns. */
const LARGEST = 1 << 20;
const MOST_PATTERNS = 10_000;
const LONGEST_PATTERN = 2048;

/** Throws PodError `invalid`: a pattern that can't be read, with its line. */
export function createIgnore(text: string, name = '.dockerignore'): Ignore {
  const refuse = (number: number, why: string): PodError =>
    refusalAt({ name, text }, { start: number, end: number }, { why });
  if (text.length > LARGEST) throw refuse(1, 'it is larger than 1 MiB');
  const rules: Rule[] = [];
  const lines = (text.startsWith('\ufeff') ? text.slice(1) : text).split('\n');
  for (const [index, line] of lines.entries()) {
    if (line.startsWith('#')) continue;
    const typed = line.trim();
    if (typed === '') continue;
    if (rules.length === MOST_PATTERNS) throw refuse(index + 1, `it has more than ${MOST_PATTERNS} patterns`);
    const back = typed.startsWith('!');
    const rule = ruleOf(back ? typed.slice(1).trim() : typed, back);
    if (!rule) throw refuse(index + 1, `${quoted(typed)} is no pattern`);
    rules.push(rule);
  }
  return new Rules(rules);
}

function ruleOf(typed: string, back: boolean): Rule | undefined {
  if (typed === '' || typed.length > LONGEST_PATTERN) return undefined;
  const cleaned = posix.normalize(typed);
  const pattern = cleaned.length > 1 ? cleaned.replace(/^\//, '').replace(/\/$/, '') : cleaned;
  const glob = compileGlob(pattern);
  return glob && { pattern, back, glob };
}

/** The same rules for a list of patterns: COPY --exclude. Throws PodError `invalid`. */
export function ignoreOf(patterns: readonly string[]): Ignore {
  return createIgnore(patterns.map((pattern) => pattern.replaceAll('\n', '')).join('\n'), '--exclude');
}

/** How many directories' results are kept: more than a path can have. */
const MOST_KEPT = 4096;

class Rules implements Ignore {
  readonly patterns: readonly string[];
  readonly #rules: readonly Rule[];
  readonly #hasBack: boolean;
  /** By directory: which rules match it or one above it. */
  readonly #kept = new Map<string, Uint8Array>();

  constructor(rules: readonly Rule[]) {
    this.#rules = rules;
    this.#hasBack = rules.some(({ back }) => back);
    this.patterns = rules.map(({ pattern, back }) => (back ? `!${pattern}` : pattern));
  }

  ignores(path: string): boolean {
    const last = this.#last(path);
    return last >= 0 && !this.#rules[last]!.back;
  }

  skipsTree(directory: string): boolean {
    const last = this.#last(directory);
    if (last < 0 || this.#rules[last]!.back) return false;
    if (!this.#hasBack) return true;
    return !this.#rules.some(({ back, glob }, index) => back && index > last && glob.reachesBelow(directory));
  }

  /** The last rule that matches the path or a directory above it; -1: none. */
  #last(path: string): number {
    if (this.#rules.length === 0 || path === '' || path === '.') return -1;
    const slash = path.lastIndexOf('/');
    const above = slash < 0 ? undefined : this.#matched(path.slice(0, slash));
    const codes = codesOf(path);
    for (let index = this.#rules.length - 1; index >= 0; index--)
      if (above?.[index] || this.#rules[index]!.glob.matches(codes)) return index;
    return -1;
  }

  #matched(directory: string): Uint8Array {
    const kept = this.#kept.get(directory);
    if (kept) return kept;
    const slash = directory.lastIndexOf('/');
    const above = slash < 0 ? undefined : this.#matched(directory.slice(0, slash));
    const codes = codesOf(directory);
    const matched = Uint8Array.from(this.#rules, ({ glob }, index) =>
      above?.[index] || glob.matches(codes) ? 1 : 0,
    );
    if (this.#kept.size >= MOST_KEPT) this.#kept.clear();
    this.#kept.set(directory, matched);
    return matched;
  }
}

/**
 * Paths to look for, the first that is there counts: `build/x.Dockerfile.dockerignore`, then `.dockerignore` of the
 * context; each also as podman's `.containerignore`, which counts first as there.
 */
export function ignoreFiles(dockerfile: string | undefined): string[] {
  const own = dockerfile === undefined ? [] : [`${dockerfile}.containerignore`, `${dockerfile}.dockerignore`];
  return [...own, '.containerignore', '.dockerignore'];
}
