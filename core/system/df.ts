import { join } from 'node:path';
import { type CacheEntry, cacheEntries } from '../build/cache/entries.ts';
import { diskUsage, writableDirectory } from '../container/disk-usage.ts';
import { imagesOf, layersInUse } from '../container/images-in-use.ts';
import { type ListedContainer, listContainers } from '../container/list.ts';
import { isUp } from '../container/state.ts';
import { containerDirectory } from '../container/store.ts';
import type { ImageRecord } from '../images/format/types.ts';
import { listImages } from '../images/list.ts';
import { blobUsage } from '../images/prune.ts';
import { namesIn } from '../names-in.ts';
import type { Paths } from '../paths.ts';
import { listVolumes, type VolumeRecord, volumeDirectory } from '../volume/store.ts';
import { volumeUsers } from '../volume/users.ts';
import { leftovers } from './leftovers.ts';

/** Sizes are bytes on the disk, as du(1) counts them; what several objects share counts once in sums. */
export interface SystemUsage {
  images: ImageUsage[];
  /** All blobs and layers there are; those that no used image and no container needs. */
  imagesTotal: { size: number; reclaimable: number };
  containers: ContainerUsage[];
  volumes: { volume: VolumeRecord; size: number; users: string[] }[];
  /** Steps of builds, and the caches of RUN --mount=type=cache: what no image needs of them can go. */
  buildCache: { count: number; active: number; size: number; reclaimable: number; mounts: number };
  /** Broken downloads, and what is on its way out. */
  leftovers: number;
}

export interface ImageUsage {
  image: ImageRecord;
  size: number;
  /** What other images have too. */
  shared: number;
  /** How many containers use it. */
  containers: number;
}

export interface ContainerUsage extends ListedContainer {
  /** All of it: the writable layer, logs, settings. */
  size: number;
  /** The writable layer alone. */
  writable: number;
}

/** Bytes of everything that an image can consist of: `layer:<diff id>` and `blob:<digest>`. */
function partSizes(paths: Paths): Map<string, number> {
  const layers = namesIn(paths.layers).filter((name) => !name.startsWith('tmp.'));
  const usage = diskUsage(layers.map((hex) => join(paths.layers, hex)));
  return new Map([
    ...layers.map((hex, at): [string, number] => [`layer:sha256:${hex}`, usage[at]!.allocated]),
    ...[...blobUsage(paths)].map(([digest, bytes]): [string, number] => [`blob:${digest}`, bytes]),
  ]);
}

function partsOf(image: ImageRecord): Set<string> {
  const blobs = [`sha256:${image.id}`, image.digest, ...image.layers.map(({ digest }) => digest)];
  return new Set([
    ...image.diffIds.map((diffId) => `layer:${diffId}`),
    ...blobs.map((digest) => `blob:${digest}`),
  ]);
}

export function systemUsage(paths: Paths): SystemUsage {
  const listed = listContainers(paths);
  const records = listed.map(({ record }) => record);
  const sizes = partSizes(paths);
  const images = listImages(paths).map((image) => ({ image, parts: partsOf(image) }));
  const size = (parts: Iterable<string>) => [...parts].reduce((sum, part) => sum + (sizes.get(part) ?? 0), 0);
  const usedBy = (id: string) => records.filter((record) => imagesOf(record).includes(id)).length;
  const imageUsages = images.map(({ image, parts }) => {
    const others = images.filter((other) => other.image !== image);
    const shared = [...parts].filter((part) => others.some((other) => other.parts.has(part)));
    return { image, size: size(parts), shared: size(shared), containers: usedBy(image.id) };
  });
  const needed = new Set([
    ...images.filter(({ image }) => usedBy(image.id) > 0).flatMap(({ parts }) => [...parts]),
    ...[...layersInUse(records)].map((layer) => `layer:${layer}`),
  ]);
  const buildCache = cacheUsage(paths, images, sizes, needed);
  // What only the cache of builds has is told there.
  const total = size(sizes.keys()) - (buildCache.size - buildCache.mounts);
  return {
    images: imageUsages,
    imagesTotal: { size: total, reclaimable: total - size(needed) },
    containers: containerUsages(paths, listed),
    volumes: volumeUsages(paths),
    buildCache,
    leftovers: diskUsage(leftovers(paths)).reduce((sum, { allocated }) => sum + allocated, 0),
  };
}

/** Of what steps have made only what no image has counts: the rest is the images'. */
function cacheUsage(
  paths: Paths,
  images: readonly { parts: ReadonlySet<string> }[],
  sizes: ReadonlyMap<string, number>,
  needed: ReadonlySet<string>,
): SystemUsage['buildCache'] {
  const steps = cacheEntries(paths);
  const partsOfStep = ({ layer }: CacheEntry): string[] =>
    layer ? [`layer:${layer.diffId}`, `blob:${layer.blob.digest}`] : [];
  const inImages = (part: string): boolean => images.some(({ parts }) => parts.has(part));
  const own = new Set(steps.flatMap(partsOfStep).filter((part) => !inImages(part)));
  const mounts = diskUsage([paths.cacheMounts])[0]!.allocated;
  const size = [...own].reduce((sum, part) => sum + (sizes.get(part) ?? 0), mounts);
  const active = steps.filter((step) => partsOfStep(step).some((part) => needed.has(part))).length;
  return { count: steps.length, active, size, reclaimable: size, mounts };
}

function containerUsages(paths: Paths, listed: readonly ListedContainer[]): ContainerUsage[] {
  const whole = diskUsage(listed.map(({ record }) => containerDirectory(paths, record.id)));
  const writable = diskUsage(listed.map(({ record }) => writableDirectory(paths, record)));
  return listed.map((one, at) => ({
    ...one,
    size: whole[at]!.allocated,
    writable: writable[at]!.allocated,
  }));
}

function volumeUsages(paths: Paths): SystemUsage['volumes'] {
  const volumes = listVolumes(paths);
  const usage = diskUsage(volumes.map(({ name }) => volumeDirectory(paths, name)));
  return volumes.map((volume, at) => ({
    volume,
    size: usage[at]!.allocated,
    users: volumeUsers(paths, volume.name),
  }));
}

/** Whether a container's files may be removed without ending it. */
export const isReclaimable = ({ state }: Pick<ListedContainer, 'state'>): boolean => !isUp(state.status);
