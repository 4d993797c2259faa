/**
 * Results of steps, kept for later builds: build-cache/<key>, a small JSON file that names a layer of the store. The key
 * stands for everything the result depends on, and is checked by nothing else.
 */

import { createHash } from 'node:crypto';
import { mkdirSync, renameSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { attempt } from '../../container/walk-path.ts';
import { blobSize, hasLayer, newPartial } from '../../images/layout.ts';
import type { Paths } from '../../paths.ts';
import { writeFile } from '../../write-file.ts';
import type { StageLayer } from '../stage-state.ts';
import { type CachedStep, readStep } from './entries.ts';
import type { SharedCaches } from './shared-caches.ts';

/** A layer that a shared cache told of can't be had: what was built on it has to be built anew, without that cache. */
export class CacheLost extends Error {}

export interface BuildCache {
  /** What a step has led to, here or (its layer has to be brought then) in a shared cache. `text`: the instruction. */
  find(key: string, text: string): Promise<CachedStep | undefined>;
  /** Remembers a result, for this build at once, for others when all that is being written is on the disk. */
  put(key: string, step: CachedStep): void;
  /** What this build has found or put, by key. */
  readonly steps: ReadonlyMap<string, CachedStep>;
  /** Brings layers that only a shared cache has. Rejects with CacheLost where that isn't possible. */
  bring(layers: readonly StageLayer[]): Promise<void>;
  /** Finds nothing more in shared caches: one of them has lost a layer. */
  forgetShared(): Promise<void>;
  close(): Promise<void>;
}

export interface CacheParts {
  readonly paths: Paths;
  /** Those of --cache-from, opened when they are asked first. */
  shared(): Promise<SharedCaches | undefined>;
  /** When what has been made so far is on the disk. */
  settled(): Promise<void>;
  /** Takes work that goes on behind the next steps. */
  later(work: Promise<unknown>): void;
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

export function openCache({ paths, shared, settled, later }: CacheParts): BuildCache {
  let opened: Promise<SharedCaches | undefined> | undefined;
  const others = (): Promise<SharedCaches | undefined> => {
    opened ??= shared();
    return opened;
  };
  const steps = new Map<string, CachedStep>();
  /** Of shared caches, until their layers are here. */
  const awaited = new Map<string, CachedStep>();
  return {
    steps,
    async find(key, text) {
      const own = steps.get(key) ?? findStep(paths, key);
      const other = own ? undefined : await (await others())?.find(key);
      const step = own ?? (other && { ...other, text });
      if (step) steps.set(key, step);
      if (other?.layer) awaited.set(key, { ...other, text });
      return step;
    },
    put(key, step) {
      steps.set(key, step);
      later(settled().then(() => writeStep(paths, key, step)));
    },
    async bring(layers) {
      await (await opened)?.bring(layers);
      for (const [key, step] of awaited) {
        if (!layers.some(({ diffId }) => diffId === step.layer?.diffId)) continue;
        awaited.delete(key);
        writeStep(paths, key, step);
      }
    },
    async forgetShared() {
      (await opened)?.forget();
      for (const key of awaited.keys()) steps.delete(key);
      awaited.clear();
    },
    close: async () => (await opened)?.close(),
  };
}

function findStep(paths: Paths, key: string): CachedStep | undefined {
  const file = join(paths.buildCache, key);
  const step = readStep(file);
  if (!step) return undefined;
  const { layer } = step;
  const isThere =
    !layer || (hasLayer(paths, layer.diffId) && blobSize(paths, layer.blob.digest) === layer.blob.size);
  if (!isThere) return undefined;
  const now = new Date();
  attempt(() => utimesSync(file, now, now)); // when it was used last: prune asks
  return step;
}

function writeStep(paths: Paths, key: string, step: CachedStep): void {
  mkdirSync(paths.buildCache, { recursive: true, mode: 0o700 });
  const aside = newPartial(paths);
  writeFile(aside, JSON.stringify(step), { mode: 0o600 });
  renameSync(aside, join(paths.buildCache, key));
}
