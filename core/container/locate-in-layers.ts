/** Where a name is in a stack of directories, as their overlay would show it. */

import { lstatSync, type Stats } from 'node:fs';
import { errnoOf } from '../error.ts';

export interface Located {
  /** For system calls. */
  readonly file: Buffer;
  readonly about: Stats;
  /**
   * False where a layer above has one of its directories: if that is opaque, which only its attribute tells, there is
   * nothing. What isn't found isn't there in any case.
   */
  readonly certain: boolean;
}

/** An overlay's mark for a deleted name: a character device 0:0. */
const isWhiteout = (about: Stats): boolean => about.isCharacterDevice() && about.rdev === 0;

/** undefined where there is nothing; other errors are the caller's. */
function statOf(file: Buffer): Stats | undefined {
  try {
    return lstatSync(file);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * The topmost of the layers that has `path`, a byte string "a/b" of which no part but the last is a link as the overlay
 * shows it; in single layers they may be, and lead out of them: each part is looked at before the next. Throws what
 * lstat(2) does, but for ENOENT.
 */
export function locateInLayers(layers: readonly string[], path: string): Located | undefined {
  const parents: string[] = [];
  for (let slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1))
    if (slash > 0) parents.push(path.slice(0, slash));
  let certain = true;
  for (const layer of layers) {
    const inLayer = (name: string): Buffer =>
      Buffer.concat([Buffer.from(`${layer}/`), Buffer.from(name, 'latin1')]);
    let known = 0;
    for (const parent of parents) {
      const about = statOf(inLayer(parent));
      if (!about) break;
      // What is deleted or no directory here hides what is below it in the layers below.
      if (!about.isDirectory()) return undefined;
      known++;
    }
    if (known === parents.length) {
      const file = inLayer(path);
      const about = statOf(file);
      if (about) return isWhiteout(about) ? undefined : { file, about, certain };
    }
    if (known > 0) certain = false;
  }
  return undefined;
}
