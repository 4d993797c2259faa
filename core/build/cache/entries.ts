/** What is in the build cache: build-cache/<key>, a file a step. */

import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { namesIn } from '../../names-in.ts';
import type { Paths } from '../../paths.ts';
import type { StageLayer } from '../stage-state.ts';

export interface CachedStep {
  /** undefined: the step has changed no file. */
  readonly layer: StageLayer | undefined;
  /** RFC 3339. */
  readonly created: string;
  /** The instruction, for who looks at the cache. */
  readonly text: string;
}

/** undefined where there is none, or it is damaged: then it is made anew. */
export function readStep(file: string): CachedStep | undefined {
  try {
    const step = JSON.parse(readFileSync(file, 'utf8')) as CachedStep;
    return typeof step.created === 'string' ? step : undefined;
  } catch {
    return undefined;
  }
}

export interface CacheEntry extends CachedStep {
  readonly key: string;
  /** Milliseconds since 1970: when a build took it last. */
  readonly used: number;
}

export function cacheEntries({ buildCache }: Pick<Paths, 'buildCache'>): CacheEntry[] {
  return namesIn(buildCache).flatMap((key) => {
    const file = join(buildCache, key);
    const step = /^[0-9a-f]{64}$/.test(key) ? readStep(file) : undefined;
    const about = statSync(file, { throwIfNoEntry: false });
    return step && about ? [{ ...step, key, used: about.mtimeMs }] : [];
  });
}

/** "sha256:…" of the layers of steps, unpacked and as blobs: what no image needs stays for later builds. */
export function cachedLayers(paths: Pick<Paths, 'buildCache'>): Set<string> {
  return new Set(
    cacheEntries(paths).flatMap(({ layer }) => (layer ? [layer.diffId, layer.blob.digest] : [])),
  );
}
