/** Paths in a container's or an image's files, which may name anything and close their directories to who looks. */
import { errnoOf } from '../error.ts';

const LINKS_MAX = 40; // the kernel's own limit, path_resolution(7)

/** What is read of such a file; a larger one is none that anybody means. */
export const BYTES_MAX = 4 << 20;

const NOT_THERE = new Set(['ENOENT', 'ENOTDIR', 'EACCES', 'EINVAL', 'ENAMETOOLONG', 'ELOOP', 'ENXIO']);

/** What `action` gives; undefined where there is nothing of use to this user. */
export function attempt<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch (error) {
    if (NOT_THERE.has(errnoOf(error) ?? '')) return undefined;
    throw error;
  }
}

/** Where somebody is on the way along a path. */
export interface Place {
  /** Goes on to what has this name here, unless that is a symbolic link: its target. undefined: there is nothing. */
  enter(name: string): 'entered' | { link: string } | undefined;
  /** Goes back by one; from the top to the top. */
  leave(): void;
  /** Goes back to the top. */
  restart(): void;
}

/** Goes along a path; links are followed as if the place's top were the root. False: it leads nowhere. */
export function walkPath(path: string, place: Place): boolean {
  const pending = stepsOf(path);
  let links = 0;
  for (let step = pending.shift(); step !== undefined; step = pending.shift()) {
    if (step === '..') {
      place.leave();
      continue;
    }
    const found = place.enter(step);
    if (found === undefined) return false;
    if (found === 'entered') continue;
    if (++links > LINKS_MAX) return false;
    if (found.link.startsWith('/')) place.restart();
    pending.unshift(...stepsOf(found.link));
  }
  return true;
}

function stepsOf(path: string): string[] {
  return path.split('/').filter((step) => step !== '' && step !== '.');
}
