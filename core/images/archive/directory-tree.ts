import { statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { memberName } from '../../archive/member-name.ts';
import { storeError } from '../layout.ts';
import type { FileTree } from './file-tree.ts';
import { readRange } from './read-range.ts';

/** The files of a directory. Symbolic links in it are followed, as skopeo does: it is the user who names it. */
export function directoryTree(directory: string): FileTree {
  const pathOf = (path: string): string => join(directory, memberName(path));
  const size = (path: string): number | undefined => {
    const found = statSync(pathOf(path), { throwIfNoEntry: false });
    return found?.isFile() ? found.size : undefined;
  };
  return {
    size,
    async *read(path, from = 0) {
      const file = await open(pathOf(path)).catch((error) => {
        throw storeError(error, `cannot read ${pathOf(path)}`);
      });
      try {
        yield* readRange(file, from, size(path) ?? 0, pathOf(path));
      } finally {
        await file.close();
      }
    },
    close: async () => {},
  };
}
