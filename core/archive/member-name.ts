/**
 * Names in an archive, made safe: relative to its root, with no "." or ".." in them. Absolute names are taken
 * from the root, as Docker and umoci do; what climbs above it is refused.
 */
import { PodError } from '../error.ts';
import { printable } from './tar-entry.ts';

const ODD = /(?:^|\/)\.{0,2}(?:\/|$)/;
/** As the kernel, path_resolution(7). */
const MAX_LINKS = 40;

/** "./a//b/../c/" as "a/c"; the root is "". PodError 'invalid' when it climbs above the root. */
export function memberName(path: string): string {
  if (!ODD.test(path)) return path;
  const kept: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') {
      if (kept.pop() === undefined) throw refused(path, 'its name climbs above the root');
    } else if (part !== '' && part !== '.') {
      kept.push(part);
    }
  }
  return kept.join('/');
}

export interface LinkWatch {
  /** A symbolic link was put at `path`; with undefined, something else was. */
  set(path: string, target: string | undefined): void;
  /** Throws PodError 'invalid' when the directories before the last name of `path` climb out through links. */
  check(path: string): void;
}

/** Follows the symbolic links of one archive, so that a name that leaves its root through them is seen. */
export function watchLinks(): LinkWatch {
  const links = new Map<string, string>();
  let lastGood = '';
  return {
    set: (path, target) => {
      if (target !== undefined) {
        links.set(path, target);
        lastGood = '';
      } else if (links.size > 0) {
        links.delete(path);
      }
    },
    check: (path) => {
      const slash = path.lastIndexOf('/');
      if (slash < 0 || links.size === 0) return;
      const parent = path.slice(0, slash);
      if (parent === lastGood) return;
      follow(path, parent, links);
      lastGood = parent;
    },
  };
}

function follow(path: string, parent: string, links: ReadonlyMap<string, string>): void {
  const todo = parent.split('/').reverse();
  let at = '';
  let followed = 0;
  for (let part = todo.pop(); part !== undefined; part = todo.pop()) {
    if (part === '' || part === '.') continue;
    if (part === '..') {
      if (at === '') throw refused(path, 'a symbolic link on its way climbs above the root');
      at = at.slice(0, Math.max(0, at.lastIndexOf('/')));
      continue;
    }
    const next = at === '' ? part : `${at}/${part}`;
    const target = links.get(next);
    if (target === undefined) {
      at = next;
      continue;
    }
    if (++followed > MAX_LINKS) throw refused(path, 'too many symbolic links on its way');
    if (target.startsWith('/')) at = '';
    for (const piece of target.split('/').reverse()) todo.push(piece);
  }
}

export function refused(path: string, why: string): PodError {
  return new PodError({ code: 'invalid', message: `refused the entry ${printable(path)}`, why });
}
