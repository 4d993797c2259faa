/** How much containers take on the disk: `ps --size`, `inspect --size`. */

import { resolveImage } from '../images/find.ts';
import type { Paths } from '../paths.ts';
import { diskUsage, writableDirectory } from './disk-usage.ts';
import type { ContainerRecord } from './record.ts';

/** In bytes. */
export interface ContainerSize {
  /** Of the files that it has written; with the driver `copy` its image's are among them. */
  written: number;
  /** With those of its image. */
  virtual: number;
}

/** Of several, by their ids: one look for all. */
export function writtenSizes(paths: Paths, records: readonly ContainerRecord[]): Map<string, ContainerSize> {
  const usages = diskUsage(records.map((record) => writableDirectory(paths, record)));
  return new Map(
    records.map(({ id, driver, image }, at) => {
      const written = usages[at]!.size;
      const below = driver === 'copy' ? 0 : (resolveImage(paths, image.id)?.size ?? 0);
      return [id, { written, virtual: written + below }];
    }),
  );
}
