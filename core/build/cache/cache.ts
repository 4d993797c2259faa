/**
 * Results of steps, kept for later builds: build-cache/<key>, a small JSON file that names a layer of the store. The key
 * stands for everything the result depends on, and is checked by nothing else.
 */

import { createHash } from 'node:crypto';
import { mkdirSync, renameSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { attempt } from '../../container/walk-path.ts';
import { blobSize, hasLayer } from '../../images/layout.ts';
import type { Paths } from '../../paths.ts';
import type { StageLayer } from '../stage-state.ts';
import { type CachedStep, readStep } from './entries.ts';

export interface BuildCache {
  find(key: string): CachedStep | undefined;
  put(key: string, step: CachedStep): void;
}

/** Changes where a result depends on more than before. */
const GENERATION = 1;

/** The key of a step over the layers of its stage, in hexadecimal digits. */
export function cacheKey(layers: readonly StageLayer[], parts: readonly unknown[]): string {
  const below = layers.map(({ diffId }) => diffId);
  return createHash('sha256')
    .update(JSON.stringify([GENERATION, below, parts]))
    .digest('hex');
}

export function openCache(paths: Paths): BuildCache {
  const directory = paths.buildCache;
  const fileOf = (key: string): string => join(directory, key);
  return {
    find(key) {
      const step = readStep(fileOf(key));
      if (!step) return undefined;
      const { layer } = step;
      const isThere =
        !layer || (hasLayer(paths, layer.diffId) && blobSize(paths, layer.blob.digest) === layer.blob.size);
      if (!isThere) return undefined;
      const now = new Date();
      attempt(() => utimesSync(fileOf(key), now, now)); // when it was used last: prune asks
      return step;
    },
    put(key, step) {
      mkdirSync(directory, { recursive: true, mode: 0o700 });
      const aside = `${fileOf(key)}.${process.pid}`;
      writeFileSync(aside, JSON.stringify(step), { mode: 0o600 });
      renameSync(aside, fileOf(key));
    },
  };
}
