/** Where COPY and ADD write: found below the stage's root, links followed, before anything is mounted. */

import { readlinkSync } from 'node:fs';
import { printable } from '../../archive/tar-entry.ts';
import { lookAt } from '../../container/copy/pack-job.ts';
import type { Place } from '../../container/copy/place.ts';
import { locateInLayers } from '../../container/locate-in-layers.ts';
import { errnoOf, PodError } from '../../error.ts';

export interface Seen {
  readonly type: 'directory' | 'symlink' | 'other';
  readonly linkTarget: string;
}

/** What is at a path of which no part but the last is a link; "a/b", a byte string. */
export type LookInRoot = (path: string) => Promise<Seen | null | undefined>;

export interface Destination {
  /** Below the root, without links: "a/b". */
  readonly path: string;
  /** What is there. */
  readonly found: 'nothing' | 'directory' | 'other';
  /** Directories on the way that have to be made, the outermost first; not the path itself. */
  readonly missing: readonly string[];
}

const LINKS_MAX = 40; // the kernel's own limit, path_resolution(7)

const joined = (parent: readonly string[], name: string): string => [...parent, name].join('/');
const partsOf = (path: string): string[] => path.split('/').filter((part) => part !== '' && part !== '.');

/** Goes along an absolute path. PodError `conflict` where a file is in the way, `invalid` for links in a circle. */
export async function resolveDestination(path: string, look: LookInRoot): Promise<Destination> {
  const failing = `cannot copy to ${printable(path)}`;
  const pending = partsOf(path);
  let at: string[] = [];
  let links = 0;
  /** How many parts of `at` are there. */
  let there = 0;
  let found: Destination['found'] = 'directory';
  for (let part = pending.shift(); part !== undefined; part = pending.shift()) {
    if (part === '..') {
      at.pop();
      there = Math.min(there, at.length);
      found = there === at.length ? 'directory' : 'nothing';
      continue;
    }
    if (found === 'other')
      throw new PodError({
        code: 'conflict',
        message: failing,
        why: `/${printable(at.join('/'))} is not a directory`,
      });
    const seen = there === at.length ? await look(joined(at, part)) : undefined;
    if (seen?.type === 'symlink') {
      if (++links > LINKS_MAX)
        throw new PodError({ code: 'invalid', message: failing, why: 'too many symbolic links' });
      if (seen.linkTarget.startsWith('/')) {
        at = [];
        there = 0;
      }
      pending.unshift(...partsOf(seen.linkTarget));
      found = 'directory';
      continue;
    }
    at.push(part);
    if (seen) there = at.length;
    found = seen ? (seen.type === 'directory' ? 'directory' : 'other') : 'nothing';
  }
  const missing: string[] = [];
  for (let length = there + 1; length < at.length; length++) missing.push(at.slice(0, length).join('/'));
  return { path: at.join('/'), found, missing };
}

/**
 * Looks in the directories of the layers, the topmost first; where they are closed to the user, or don't tell it all, in
 * the mounted root.
 */
export function lookInLayers(layers: readonly string[], place: Place): LookInRoot {
  return async (path) => lookHere(layers, path) ?? (await lookThere(path, place));
}

/** null: there is nothing; undefined: that can't be seen here. */
function lookHere(layers: readonly string[], path: string): Seen | null | undefined {
  try {
    const found = locateInLayers(layers, path);
    if (!found) return null;
    if (!found.certain) return undefined;
    const { file, about } = found;
    if (about.isSymbolicLink()) return { type: 'symlink', linkTarget: readlinkSync(file, 'latin1') };
    return { type: about.isDirectory() ? 'directory' : 'other', linkTarget: '' };
  } catch (error) {
    if (errnoOf(error) === 'EACCES') return undefined;
    throw error;
  }
}

async function lookThere(path: string, place: Place): Promise<Seen | null> {
  const found = await lookAt(place, `/${Buffer.from(path, 'latin1').toString()}`, false, 'cannot copy');
  if (!found) return null;
  const { type, linkTarget } = found;
  return { type: type === 'directory' || type === 'symlink' ? type : 'other', linkTarget };
}
