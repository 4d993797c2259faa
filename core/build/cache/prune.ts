/** `builder prune`: results of steps that no image needs, or all of them. */

import { rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { removeMeasured } from '../../container/disk-usage.ts';
import { usedByContainers } from '../../container/images-in-use.ts';
import { isSameProcess } from '../../container/process-identity.ts';
import { discardUnused } from '../../images/collect.ts';
import { listImages } from '../../images/list.ts';
import { blobUsage } from '../../images/prune.ts';
import { namesIn } from '../../names-in.ts';
import type { Paths } from '../../paths.ts';
import { type CacheEntry, cacheEntries } from './entries.ts';

export interface PrunedCache {
  /** Keys of the steps, ids of the cache mounts. */
  readonly deleted: readonly string[];
  /** Bytes on the disk that were freed. */
  readonly freed: number;
}

/**
 * `all`: those that images have too, the caches of RUN --mount=type=cache, and what is remembered of contexts. What a
 * build that runs has taken or made stays.
 */
export async function pruneCache(
  paths: Paths,
  all: boolean,
  wanted: (step: { created: string; labels: Record<string, string> }) => boolean,
): Promise<PrunedCache> {
  const since = oldestBuild(paths);
  const needed = new Set(listImages(paths).flatMap(({ diffIds }) => diffIds));
  const goes = cacheEntries(paths).filter(
    ({ layer, created, used }) =>
      used < since && (all || !layer || !needed.has(layer.diffId)) && wanted({ created, labels: {} }),
  );
  const before = sum(blobUsage(paths));
  for (const { key } of goes) rmSync(join(paths.buildCache, key), { force: true });
  const trash = await discardLayers(paths, goes);
  const others = all && since === Number.POSITIVE_INFINITY ? [...mountsOf(paths), ...memoryOf(paths)] : [];
  const freed = removeMeasured([...trash, ...others]) + before - sum(blobUsage(paths));
  return { deleted: goes.map(({ key }) => key), freed };
}

const sum = (sizes: ReadonlyMap<string, number>): number => [...sizes.values()].reduce((a, b) => a + b, 0);

async function discardLayers(paths: Paths, goes: readonly CacheEntry[]): Promise<readonly string[]> {
  const { keepLayers } = usedByContainers(paths); // other steps may have made the same
  const layers = goes.flatMap(({ layer }) => layer ?? []);
  const isUnused = (digest: string): boolean => !keepLayers?.has(digest);
  const { trash } = await discardUnused(
    paths,
    layers.map(({ blob }) => blob.digest).filter(isUnused),
    layers.map(({ diffId }) => diffId).filter(isUnused),
  );
  return trash;
}

/** When the oldest of the builds that run began, in milliseconds since 1970. */
function oldestBuild(paths: Paths): number {
  const begun = namesIn(paths.builds).flatMap((name) => {
    const [, pid, start] = /^\..+\.(\d+)\.(\d+)$/.exec(name) ?? [];
    if (start === undefined || !isSameProcess({ pid: Number(pid), start })) return [];
    return statSync(join(paths.builds, name), { throwIfNoEntry: false })?.birthtimeMs ?? [];
  });
  return Math.min(Number.POSITIVE_INFINITY, ...begun);
}

const mountsOf = ({ cacheMounts }: Paths): string[] =>
  namesIn(cacheMounts).map((name) => join(cacheMounts, name));

const memoryOf = ({ contextMemory }: Paths): string[] =>
  namesIn(contextMemory).map((name) => join(contextMemory, name));
