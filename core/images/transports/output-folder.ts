/** A directory that an image is written into: each file in one step, and nothing is left of what wasn't finished. */

import { constants, existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { copyFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { asidePath, collectAside } from '../../aside.ts';
import { PodError } from '../../error.ts';
import { storeError } from '../layout.ts';
import type { ImageDestination } from '../push/destination.ts';

export interface OutputFolder {
  /** How blobs are put, `pathOf` being their names in the directory. */
  destination(
    pathOf: (digest: string) => string,
  ): Pick<ImageDestination, 'description' | 'atOnce' | 'compresses' | 'hasBlob' | 'putBlob' | 'close'>;
  write(name: string, bytes: Uint8Array): Promise<void>;
  /** What was written stays. */
  keep(): void;
}

/** A link that whoever owns the directory has put in the way is not followed. */
const COPYING = constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL;

/** A directory that is new, empty, or one of the same kind: then it has `marks`. PodError `conflict` for any other. */
export function openOutputFolder(
  directory: string,
  description: string,
  marks: readonly string[],
): OutputFolder {
  const message = `cannot write ${description}`;
  let fresh: string[] = [];
  let made: string | undefined;
  try {
    made = mkdirSync(directory, { recursive: true });
    collectAside(join(directory, 'aside'));
    const names = readdirSync(directory);
    if (names.length > 0 && !marks.every((mark) => names.includes(mark)))
      throw new PodError({ code: 'conflict', message, why: `${directory} holds other things` });
  } catch (error) {
    throw storeError(error, message);
  }

  async function put(name: string, fill: (aside: string) => Promise<void>): Promise<void> {
    const target = join(directory, name);
    const aside = asidePath(join(directory, 'aside'));
    if (!existsSync(target)) fresh.push(target);
    try {
      mkdirSync(dirname(target), { recursive: true });
      await fill(aside);
      renameSync(aside, target);
    } catch (error) {
      rmSync(aside, { force: true });
      throw storeError(error, message);
    }
  }

  return {
    destination: (pathOf) => ({
      description,
      atOnce: 2,
      compresses: false,
      async hasBlob({ digest, size }) {
        const found = statSync(join(directory, pathOf(digest)), { throwIfNoEntry: false });
        return found?.isFile() && found.size === size ? { kind: 'exists' } : undefined;
      },
      async putBlob({ digest, size }, content, { signal, onProgress }) {
        signal?.throwIfAborted();
        await put(pathOf(digest), (aside) => copyFile(content.path, aside, COPYING));
        onProgress?.(size);
      },
      async close() {
        for (const path of fresh) rmSync(path, { force: true });
        if (made !== undefined) rmSync(made, { recursive: true, force: true });
      },
    }),
    write: (name, bytes) => put(name, (aside) => writeFile(aside, bytes, { flag: 'wx' })),
    keep: () => {
      fresh = [];
      made = undefined;
    },
  };
}
