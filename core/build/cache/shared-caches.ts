/** The caches of --cache-from: looked at when this store doesn't know a step, their layers fetched when files are wanted. */

import { loadRegistriesConfig } from '../../config/registries-conf.ts';
import { expandShortName } from '../../config/short-names.ts';
import { PodError, wholeMessage } from '../../error.ts';
import { fetchLayers } from '../../images/pull/fetch-image.ts';
import { layerNamespace } from '../../images/pull/obtain.ts';
import { fromPlaces } from '../../images/pull/places.ts';
import { wantedOf } from '../../images/pull/pull.ts';
import type { PullOptions } from '../../images/pull/pull-options.ts';
import { findRemoteImage } from '../../images/pull/remote-image.ts';
import type { ImageSource } from '../../images/pull/source.ts';
import { verifyImage } from '../../images/signatures/verify-image.ts';
import { openReference } from '../../images/transports/open.ts';
import { findLayer } from '../../images/unpack/unpack.ts';
import type { ImageReference, TransportReference } from '../../reference.ts';
import { openTransport } from '../../registry/transport.ts';
import type { Report } from '../report.ts';
import type { StageLayer } from '../stage-state.ts';
import { CacheLost } from './cache.ts';
import { type SharedStep, sharedSteps } from './cache-image.ts';
import type { CacheSource } from './cache-place.ts';

export interface SharedCaches {
  find(key: string): Promise<SharedStep | undefined>;
  /** Brings those of these layers into the store that a find has told of. Rejects with CacheLost. */
  bring(layers: readonly StageLayer[]): Promise<void>;
  /** Nothing more is found. */
  forget(): void;
  close(): Promise<void>;
}

interface OpenedCache {
  /** "localhost:5000/app:buildcache" */
  readonly description: string;
  readonly source: ImageSource;
  readonly steps: ReadonlyMap<string, SharedStep>;
  readonly close: () => void | Promise<void>;
}

export interface SharedCacheParts {
  readonly options: Omit<PullOptions, 'namespace'>;
  readonly report: Report;
}

/** Nothing is asked of anybody before the first `find`. */
export function sharedCaches(sources: readonly CacheSource[], parts: SharedCacheParts): SharedCaches {
  let opening: Promise<OpenedCache[]> | undefined;
  let forgotten = false;
  const owners = new Map<string, OpenedCache>();
  const brought = new Map<string, Promise<void>>();

  async function openAll(): Promise<OpenedCache[]> {
    const opened = await Promise.all(sources.map((source) => openTelling(source, parts)));
    return opened.filter((cache) => cache !== undefined);
  }

  async function find(key: string): Promise<SharedStep | undefined> {
    if (forgotten) return undefined;
    opening ??= openAll();
    for (const cache of await opening) {
      const step = cache.steps.get(key);
      if (!step) continue;
      if (step.layer && !owners.has(step.layer.diffId)) owners.set(step.layer.diffId, cache);
      return step;
    }
    return undefined;
  }

  async function bring(layers: readonly StageLayer[]): Promise<void> {
    const wanted = layers.filter(({ diffId }) => owners.has(diffId));
    const fresh = wanted.filter(({ diffId }) => !brought.has(diffId));
    for (const cache of new Set(fresh.map(({ diffId }) => owners.get(diffId)!))) {
      const own = fresh.filter(({ diffId }) => owners.get(diffId) === cache);
      const work = bringFrom(cache, own, parts);
      work.catch(() => {}); // who waits for it is told below
      for (const { diffId } of own) brought.set(diffId, work);
    }
    await Promise.all(wanted.map(({ diffId }) => brought.get(diffId)));
  }

  return {
    find,
    bring,
    forget: () => {
      forgotten = true;
      owners.clear();
      brought.clear();
    },
    close: async () => {
      for (const cache of (await opening?.catch(() => [])) ?? []) await cache.close();
    },
  };
}

/** A cache that isn't there, or is of no use, is told of; the build goes on without it. */
async function openTelling(source: CacheSource, parts: SharedCacheParts): Promise<OpenedCache | undefined> {
  const step = parts.report.step(`importing cache from ${source.text}`);
  return step.during(async ({ notice }) => {
    try {
      const [first] = source.candidates;
      return first!.kind === 'registry'
        ? await openRemote(source.candidates as readonly ImageReference[], parts, notice)
        : await openDirectory(first!, parts);
    } catch (error) {
      if (!(error instanceof PodError) || parts.options.signal?.aborted) throw error;
      notice(wholeMessage(error));
      return undefined;
    }
  });
}

async function openRemote(
  candidates: readonly ImageReference[],
  { options }: SharedCacheParts,
  notice: (text: string) => void,
): Promise<OpenedCache> {
  const config = await loadRegistriesConfig(options.env);
  const transport = await openTransport(options);
  try {
    const names = candidates.flatMap((reference) => expandShortName(reference, config));
    const search = { reference: candidates[0]!, candidates: names, config, transport, verb: 'use the cache' };
    const onNotice = names.length > 1 ? undefined : notice; // that one of several isn't there is no news
    return await fromPlaces(search, { ...options, ...(onNotice && { onNotice }) }, async (place) => {
      const { client, endpoint, name } = place;
      return {
        ...(await readCache(client, wantedOf(name, endpoint.reference), options)),
        close: () => transport.close(),
      };
    });
  } catch (error) {
    transport.close();
    throw error;
  }
}

async function openDirectory(
  reference: TransportReference,
  { options }: SharedCacheParts,
): Promise<OpenedCache> {
  const { images, close } = await openReference(reference, { ...options, namespace: layerNamespace });
  try {
    const { source } = images[0]!;
    const wanted = { tagOrDigest: undefined, name: undefined, what: `image ${source.description}` };
    return { ...(await readCache(source, wanted, options)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function readCache(
  source: ImageSource,
  wanted: ReturnType<typeof wantedOf>,
  options: SharedCacheParts['options'],
): Promise<Omit<OpenedCache, 'close'>> {
  const { what } = wanted;
  const image = await findRemoteImage(source, wanted, options.platform, options.paths);
  await verifyImage(source, wanted, image, options);
  const steps = sharedSteps(image.config, image.manifest.layers, what);
  if (steps) return { description: source.description, source, steps };
  throw new PodError({
    code: 'not-found',
    message: `cannot use ${what}`,
    why: 'it holds no cache of builds',
  });
}

async function bringFrom(
  { source, description }: OpenedCache,
  layers: readonly StageLayer[],
  { options, report }: SharedCacheParts,
): Promise<void> {
  const { paths, signal } = options;
  const step = report.step(`[internal] load ${layers.length} cached layers of ${description}`);
  const lost = await step.during(async ({ progress, notice }) => {
    try {
      await fetchLayers(source, layers, description, {
        ...options,
        namespace: layerNamespace,
        onNotice: notice,
        onProgress: ({ digest, kind, current, total }) =>
          progress(digest, current, total, kind === 'done' || kind === 'exists'),
      });
      for (const { diffId, size } of layers)
        if ((await findLayer(paths.layers, diffId))?.size !== size)
          throw new PodError({ code: 'invalid', message: `the cache tells a wrong size of ${diffId}` });
    } catch (error) {
      if (!(error instanceof PodError) || signal?.aborted) throw error;
      notice(`the cache can't be used: ${wholeMessage(error)}`);
      return new CacheLost(error.message, { cause: error });
    }
    return undefined;
  });
  if (lost) throw lost;
}
