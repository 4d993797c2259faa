import { statSync } from 'node:fs';
import { join } from 'node:path';
import { removeMeasured } from '../container/disk-usage.ts';
import { usedByContainers } from '../container/images-in-use.ts';
import { PodError } from '../error.ts';
import { namesIn } from '../names-in.ts';
import type { Paths } from '../paths.ts';
import { discardUnused } from './collect.ts';
import { readRecord } from './entry.ts';
import { blobPath, readIndex } from './layout.ts';
import { listStored, type StoredImage } from './list.ts';
import { intermediate } from './parents.ts';
import { type Removed, removeImage } from './remove.ts';

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
  for (const algorithm of namesIn(directory))
    for (const hex of namesIn(join(directory, algorithm))) {
      const about = statSync(join(directory, algorithm, hex), { throwIfNoEntry: false });
      if (about) blobs.set(`${algorithm}:${hex}`, about.blocks * 512);
    }
  return blobs;
}

const sum = (numbers: Iterable<number>): number => [...numbers].reduce((all, one) => all + one, 0);

/** What a filter of `prune` is asked about. */
export interface PrunableImage {
  /** Of a list, none. */
  readonly labels: Readonly<Record<string, string>>;
  /** RFC 3339; undefined when nobody has said. */
  readonly created: string | undefined;
}

/**
 * Removes the images and lists that no container uses and that `wanted` holds for: with `all` any, else those without a
 * name that nothing was made from, and then those that they were made from.
 */
export async function pruneImages(
  paths: Paths,
  all: boolean,
  wanted: (image: PrunableImage) => boolean,
): Promise<PrunedImages> {
  const result: PrunedImages = { untagged: [], deleted: [], freed: 0 };
  const blobs = sum(blobUsage(paths).values());
  const trees: string[] = [];
  for (let before = -1; before < result.deleted.length; ) {
    before = result.deleted.length;
    const steps = all
      ? new Set()
      : new Set([...intermediate(paths, readIndex(paths).manifests)].map(digestOf));
    for (const image of listStored(paths)) {
      if (!all && (image.names.length > 0 || steps.has(image.entry.digest))) continue;
      if (!wanted(prunable(paths, image))) continue;
      const removed = await removeUnused(paths, image.id);
      result.untagged.push(...(removed?.untagged ?? []));
      if (removed?.deleted) result.deleted.push(removed.deleted);
      trees.push(...(removed?.trash ?? []));
    }
  }
  trees.push(...(await discardOrphans(paths)));
  result.freed = removeMeasured(trees) + blobs - sum(blobUsage(paths).values());
  return result;
}

/** A pull may count on what it has just found, or go on with it later. */
const YOUNG_MS = 3600_000;

/** Blobs and layers that belong to no image: of pulls that were given up, and of images that a repair took away. */
async function discardOrphans(paths: Paths): Promise<readonly string[]> {
  const isOld = (path: string): boolean => {
    const about = statSync(path, { throwIfNoEntry: false });
    return about !== undefined && Date.now() - about.mtimeMs > YOUNG_MS;
  };
  const { keepLayers } = usedByContainers(paths);
  const blobs = [...blobUsage(paths).keys()].filter(
    (digest) => isOld(blobPath(paths, digest)) && !keepLayers?.has(digest),
  );
  const layers = namesIn(paths.layers)
    .filter((name) => /^[a-f0-9]{64,128}$/.test(name) && isOld(join(paths.layers, name, 'size')))
    .map((hex) => `${hex.length === 64 ? 'sha256' : 'sha512'}:${hex}`)
    .filter((diffId) => !keepLayers?.has(diffId));
  try {
    return (await discardUnused(paths, blobs, layers)).trash;
  } catch (error) {
    // What a damaged image needs is not known: all stays until it is mended.
    if (error instanceof PodError && error.code === 'invalid') return [];
    throw error;
  }
}

const digestOf = ({ digest }: { digest: string }): string => digest;

function prunable(paths: Paths, { kind, entry, created }: StoredImage): PrunableImage {
  return {
    get labels() {
      return (kind === 'image' && readRecord(paths, entry, []).config.config?.Labels) || {};
    },
    created,
  };
}

/** undefined: a container uses it, or it is gone. */
async function removeUnused(paths: Paths, id: string): Promise<Removed | undefined> {
  const options = { allNames: true, keepParents: true, ...usedByContainers(paths) };
  try {
    return await removeImage(paths, id, options);
  } catch (error) {
    if (error instanceof PodError && (error.code === 'not-found' || error.code === 'conflict'))
      return undefined;
    throw error;
  }
}
