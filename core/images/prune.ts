import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { removeMeasured } from '../container/disk-usage.ts';
import { imagesOf, layersInUse } from '../container/images-in-use.ts';
import { listContainers } from '../container/list.ts';
import { PodError } from '../error.ts';
import type { Paths } from '../paths.ts';
import { listImages } from './list.ts';
import { removeImage } from './remove.ts';
import type { ImageRecord } from './types.ts';

export interface PrunedImages {
  untagged: string[];
  /** Ids. */
  deleted: string[];
  /** Bytes on the disk that were freed. */
  freed: number;
}

/** Bytes on the disk of the blobs there are, by their file's name. */
export function blobUsage(paths: Pick<Paths, 'images'>): Map<string, number> {
  const blobs = new Map<string, number>();
  const directory = join(paths.images, 'blobs');
  for (const algorithm of entries(directory))
    for (const hex of entries(join(directory, algorithm))) {
      const about = statSync(join(directory, algorithm, hex), { throwIfNoEntry: false });
      if (about) blobs.set(`${algorithm}:${hex}`, about.blocks * 512);
    }
  return blobs;
}

function entries(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

const sum = (numbers: Iterable<number>): number => [...numbers].reduce((all, one) => all + one, 0);

/** Removes the images that no container uses and that `wanted` holds for: those without a name, with `all` the others too. */
export async function pruneImages(
  paths: Paths,
  all: boolean,
  wanted: (image: ImageRecord) => boolean,
): Promise<PrunedImages> {
  const result: PrunedImages = { untagged: [], deleted: [], freed: 0 };
  const blobs = sum(blobUsage(paths).values());
  const trees: string[] = [];
  for (const image of listImages(paths)) {
    if ((!all && image.names.length > 0) || !wanted(image)) continue;
    for (const name of image.names.length > 0 ? image.names : [image.id]) {
      const removed = await removeUnused(paths, name, image.id);
      if (!removed) break;
      result.untagged.push(...removed.untagged);
      if (removed.deleted) result.deleted.push(removed.deleted);
      trees.push(...removed.trash);
    }
  }
  result.freed = removeMeasured(trees) + blobs - sum(blobUsage(paths).values());
  return result;
}

/** undefined: a container uses it, or it is gone. */
async function removeUnused(paths: Paths, name: string, id: string) {
  const records = listContainers(paths).map(({ record }) => record);
  if (records.some((record) => imagesOf(record).includes(id))) return undefined;
  try {
    return await removeImage(paths, name, { keepLayers: layersInUse(records) });
  } catch (error) {
    if (error instanceof PodError && (error.code === 'not-found' || error.code === 'conflict'))
      return undefined;
    throw error;
  }
}
