/**
 * Results of steps as an image: its layers are the steps', and a field of its config says which key has led to which of
 * them. So it is pushed, copied and compressed as any image, and one that was built may have it, too (type=inline).
 */

import { type Fields, invalid, isFields } from '../../images/format/json.ts';
import { MOST_LAYERS } from '../../images/format/manifest.ts';
import type { Descriptor, ImageConfig } from '../../images/format/types.ts';
import type { StageLayer } from '../stage-state.ts';
import type { CachedStep } from './entries.ts';

/** The field of the config: a list of {key, created, layer, size}; `layer` is a place among the diff ids. */
export const CACHE_FIELD = 'io.tsc-pod.build-cache.v1';

/** Steps without layers are a few bytes each: what is more than this nobody has written. */
const MOST_STEPS = 10_000;

/** What a step has led to elsewhere. */
export type SharedStep = Pick<CachedStep, 'created' | 'layer'>;

/** The field: the steps whose layers are among these, ordered by their keys so that the same steps are the same bytes. */
export function cacheField(
  steps: ReadonlyMap<string, CachedStep>,
  diffIds: readonly string[],
): Record<typeof CACHE_FIELD, object[]> {
  const listed = [...steps]
    .filter(([, { layer }]) => !layer || diffIds.includes(layer.diffId))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, { created, layer }]) => ({
      ...{ key, created },
      ...(layer && { layer: diffIds.indexOf(layer.diffId), size: layer.size }),
    }));
  return { [CACHE_FIELD]: listed };
}

/** Of an image whose layers and diff ids are as many. undefined: it has no cache. Throws PodError `invalid`. */
export function sharedSteps(
  config: ImageConfig,
  layers: readonly Descriptor[],
  what: string,
): Map<string, SharedStep> | undefined {
  const field = (config as unknown as Fields)[CACHE_FIELD];
  if (field === undefined) return undefined;
  if (!Array.isArray(field) || field.length > MOST_STEPS || layers.length > MOST_LAYERS)
    throw invalid(what, 'its list of cached steps is none');
  const steps = new Map<string, SharedStep>();
  for (const entry of field) {
    if (!isFields(entry)) throw invalid(what, 'it has a cached step that is none');
    const { key, created, layer, size } = entry;
    if (typeof key !== 'string' || !/^[0-9a-f]{64}$/.test(key))
      throw invalid(what, 'the key of a cached step is none');
    if (typeof created !== 'string' || !TIME.test(created) || Number.isNaN(Date.parse(created)))
      throw invalid(what, 'the time of a cached step is none');
    steps.set(key, { created, layer: layerOf(layer, size) });
  }
  return steps;

  function layerOf(at: unknown, size: unknown): StageLayer | undefined {
    if (at === undefined) return undefined;
    const blob = layers[at as number];
    if (!Number.isSafeInteger(at) || !blob)
      throw invalid(what, 'a cached step has a layer that is not there');
    if (!Number.isSafeInteger(size) || (size as number) < 0)
      throw invalid(what, 'the size of a cached step is none');
    const { mediaType, digest, size: packed } = blob;
    const diffId = config.rootfs.diff_ids[at as number]!;
    return { diffId, blob: { mediaType, digest, size: packed }, size: size as number };
  }
}

/** As Date.toISOString() writes it. */
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
