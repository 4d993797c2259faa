/** Where COPY and ADD write: found below the stage's root, links followed, before anything is mounted. */

import { lstatSync, readlinkSync, type Stats } from 'node:fs';
import { posix } from 'node:path';
import { printable } from '../../archive/tar-entry.ts';
import { lookAt } from '../../container/copy/pack-job.ts';
import type { Place } from '../../container/copy/place.ts';
import { errnoOf, PodError } from '../../error.ts';

export interface Seen {
  readonly type: 'directory' | 'symlink' | 'other';
  readonly linkTarget: string;
}

/** What is at a path of which no part but the last is a link; "a/b", a byte string. */
export type LookInRoot = (path: string) => Promise<Seen | undefined>;

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

/** An overlay's mark for a deleted name: a character device 0:0. */
const isWhiteout = (about: Stats): boolean => about.isCharacterDevice() && about.rdev === 0;

/**
 * Looks in the directories of the layers, the topmost first; where they are closed to the user, in the mounted root.
 */
export function lookInLayers(layers: readonly string[], place: Place): LookInRoot {
  return async (path) => {
    try {
      return lookHere(layers, path);
    } catch (error) {
      if (errnoOf(error) !== 'EACCES') throw error;
      const found = await lookAt(place, `/${Buffer.from(path, 'latin1').toString()}`, false, 'cannot copy');
      if (!found) return undefined;
      const { type, linkTarget } = found;
      return { type: type === 'directory' || type === 'symlink' ? type : 'other', linkTarget };
    }
  };
}

function lookHere(layers: readonly string[], path: string): Seen | undefined {
  const names = Buffer.from(path, 'latin1');
  for (const layer of layers) {
    const file = Buffer.concat([Buffer.from(`${layer}/`), names]);
    const about = statOf(file);
    if (about === 'hidden') return undefined;
    if (about === undefined) {
      if (hidesBelow(layer, path)) return undefined;
      continue;
    }
    if (isWhiteout(about)) return undefined;
    if (about.isSymbolicLink()) return { type: 'symlink', linkTarget: readlinkSync(file, 'latin1') };
    return { type: about.isDirectory() ? 'directory' : 'other', linkTarget: '' };
  }
  return undefined;
}

function statOf(file: Buffer): Stats | undefined | 'hidden' {
  try {
    return lstatSync(file);
  } catch (error) {
    const code = errnoOf(error);
    if (code === 'ENOENT') return undefined;
    if (code === 'ENOTDIR') return 'hidden'; // this layer has something else than a directory there
    throw error;
  }
}

/** Whether a directory on the way is a whiteout in this layer (below one that is, nothing is found). */
function hidesBelow(layer: string, path: string): boolean {
  for (let parent = posix.dirname(path); parent !== '.'; parent = posix.dirname(parent)) {
    const about = statOf(Buffer.concat([Buffer.from(`${layer}/`), Buffer.from(parent, 'latin1')]));
    if (about === 'hidden') return true;
    if (about) return !about.isDirectory();
  }
  return false;
}
