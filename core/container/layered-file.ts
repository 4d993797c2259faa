import { lstatSync, readFileSync, readlinkSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { errnoOf } from '../error.ts';

const LINKS_MAX = 40; // the kernel's own limit, path_resolution(7)
const BYTES_MAX = 4 << 20;

/** An image may name anything, and close its directories to who it was unpacked for: that is as if it had no such file. */
const NOT_THERE = new Set(['ENOENT', 'ENOTDIR', 'EACCES', 'ENAMETOOLONG', 'ELOOP']);

function attempt<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch (error) {
    if (NOT_THERE.has(errnoOf(error) ?? '')) return undefined;
    throw error;
  }
}

const statOf = (path: string): Stats | undefined => attempt(() => lstatSync(path));

/** An overlay's mark for a deleted name: a character device 0:0. */
function isWhiteout(about: Stats): boolean {
  return about.isCharacterDevice() && about.rdev === 0;
}

/** Where `path` (no links in it but perhaps its last part) is: the topmost layer that has it. */
function locate(layers: readonly string[], path: string): { file: string; about: Stats } | undefined {
  for (const layer of layers) {
    const about = statOf(join(layer, path));
    if (about) return isWhiteout(about) ? undefined : { file: join(layer, path), about };
    // A parent that a layer deleted or replaced hides what is below.
    for (let parent = join(path, '..'); parent !== '/'; parent = join(parent, '..')) {
      const above = statOf(join(layer, parent));
      if (above && !above.isDirectory()) return undefined;
    }
  }
  return undefined;
}

/**
 * The text of a file in a stack of directories (the topmost first) as their overlay would show it; undefined when
 * there is none. Links are followed within the stack, never out of it.
 */
export function readLayeredFile(layers: readonly string[], path: string): string | undefined {
  let pending = path.split('/').filter((part) => part !== '' && part !== '.');
  let done = '/';
  let links = 0;
  while (pending.length > 0) {
    const [part, ...rest] = pending as [string, ...string[]];
    pending = rest;
    if (part === '..') {
      done = join(done, '..');
      continue;
    }
    const found = locate(layers, join(done, part));
    if (!found) return undefined;
    if (found.about.isSymbolicLink()) {
      if (++links > LINKS_MAX) return undefined;
      const target = readlinkSync(found.file);
      if (target.startsWith('/')) done = '/';
      pending = [...target.split('/').filter((step) => step !== '' && step !== '.'), ...pending];
    } else if (pending.length > 0) done = join(done, part);
    else
      return found.about.isFile() && found.about.size <= BYTES_MAX
        ? attempt(() => readFileSync(found.file, 'utf8'))
        : undefined;
  }
  return undefined;
}
