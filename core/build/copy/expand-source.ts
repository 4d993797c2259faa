/** From a source as the Dockerfile has it to the files that it means. */

import { posix } from 'node:path';
import type { BuildContext, ContextEntry } from '../context/build-context.ts';
import { hasWildcards, matcher, plainName } from './match.ts';

export interface FoundSource {
  /** Of the context, in the order of a walk. Of a directory, what is in it. */
  readonly entries: readonly ContextEntry[];
  /** How much at the beginning of their paths isn't part of where they go. */
  readonly strip: number;
  readonly directory: boolean;
  /** The last name of the source. */
  readonly name: string;
}

/** Below the context's root, a byte string: `..` that would climb above it is dropped. */
export function sourcePath(text: string): string {
  return posix.normalize(`/${Buffer.from(text).toString('latin1')}`).replace(/^\/+|\/+$/g, '');
}

/** What a source means; nothing for wildcards that match nothing; undefined for a name that isn't there. */
export async function expandSource(
  context: BuildContext,
  text: string,
  parents: boolean,
): Promise<FoundSource[] | undefined> {
  if (parents) return withParents(context, text);
  const path = sourcePath(text);
  if (!hasWildcards(path)) {
    const found = await foundAt(context, plainName(path));
    return found && [found];
  }
  const found: FoundSource[] = [];
  for (const match of await matches(context, path)) {
    const one = await foundAt(context, match);
    if (one) found.push(one);
  }
  return found;
}

async function foundAt(context: BuildContext, path: string): Promise<FoundSource | undefined> {
  const tree = await context.walk(path);
  const top = tree?.entries[0];
  if (!tree || !top) return undefined;
  const name = path.slice(path.lastIndexOf('/') + 1);
  if (top.path !== tree.at || top.type !== 'directory')
    return { entries: tree.entries, strip: tree.at.length, directory: false, name };
  const strip = tree.at === '' ? 0 : tree.at.length + 1;
  return { entries: tree.entries.slice(1), strip, directory: true, name };
}

/** Names that a pattern matches, in order; nothing below a directory that it matches. */
async function matches(context: BuildContext, pattern: string): Promise<string[]> {
  const { base, rest } = splitPattern(pattern);
  const depth = rest.split('/').length;
  const tree = await context.walk(base, { depth });
  if (!tree) return [];
  const fits = matcher(rest);
  const strip = tree.at === '' ? 0 : tree.at.length + 1;
  const lead = base === '' ? '' : `${base}/`;
  return tree.entries
    .filter(({ path }) => path !== tree.at && fits(path.slice(strip)))
    .map(({ path }) => `${lead}${path.slice(strip)}`);
}

/** The directories before the first name with a wildcard, and what follows. */
function splitPattern(pattern: string): { base: string; rest: string } {
  const parts = pattern.split('/');
  const first = parts.findIndex(hasWildcards);
  const at = first < 0 ? parts.length : first;
  return { base: parts.slice(0, at).map(plainName).join('/'), rest: parts.slice(at).join('/') };
}

/** `--parents a/./b/*.txt`: what matches, what is in it, and the directories on the way from the `/./` on. */
async function withParents(context: BuildContext, text: string): Promise<FoundSource[] | undefined> {
  const pivot = text.search(/\/\.\//);
  const [before, after] = pivot < 0 ? ['', text] : [text.slice(0, pivot), text.slice(pivot + 2)];
  const start = plainName(sourcePath(before));
  const pattern = sourcePath(after);
  const { base, rest } = splitPattern(pattern);
  const top = await context.walk(start, { depth: 0 });
  if (!top) return undefined;
  const tree = await context.walk(top.at);
  if (!tree) return undefined;
  const strip = tree.at === '' ? 0 : tree.at.length + 1;
  const prefix = base === '' || rest === '' ? base : `${base}/`;
  const fits = rest === '' ? (path: string) => path === '' : matcher(rest, { deep: true });
  const isMatch = (path: string): boolean =>
    pattern === '' || (path.startsWith(prefix) && fits(path.slice(prefix.length)));
  const kept = keepWithParents(tree.entries.slice(1), strip, isMatch);
  if (kept.length === 0 && !hasWildcards(pattern)) return undefined;
  return [{ entries: kept, strip, directory: true, name: '' }];
}

function keepWithParents(
  entries: readonly ContextEntry[],
  strip: number,
  isMatch: (path: string) => boolean,
): ContextEntry[] {
  const kept: ContextEntry[] = [];
  /** The directories above the entry at hand; `taken`: it is wanted with all that is in it. */
  const above: { entry: ContextEntry; taken: boolean; written: boolean }[] = [];
  for (const entry of entries) {
    while (above.length > 0 && !entry.path.startsWith(`${above.at(-1)!.entry.path}/`)) above.pop();
    const taken = above.at(-1)?.taken || isMatch(entry.path.slice(strip));
    if (taken) {
      for (const directory of above) if (!directory.written) kept.push(directory.entry);
      for (const directory of above) directory.written = true;
      kept.push(entry);
    }
    if (entry.type === 'directory') above.push({ entry, taken: taken === true, written: taken === true });
  }
  return kept;
}
