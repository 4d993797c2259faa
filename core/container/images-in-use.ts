import { cachedLayers } from '../build/cache/entries.ts';
import type { RemoveOptions } from '../images/remove.ts';
import type { Paths } from '../paths.ts';
import { listContainers } from './list.ts';
import type { ContainerRecord } from './record.ts';

/** Ids of the images that a container is made from or has mounted. */
export function imagesOf({ image, overlays }: ContainerRecord): string[] {
  return [image.id, ...(overlays ?? []).flatMap((overlay) => overlay.image ?? [])];
}

/** "sha256:…" of the unpacked layers that these containers can't do without. */
export function layersInUse(records: readonly ContainerRecord[]): Set<string> {
  const layers = records.flatMap((record) => [
    ...record.layers,
    ...(record.overlays ?? []).flatMap((overlay) => overlay.layers ?? []),
  ]);
  return new Set(layers.map((layer) => `sha256:${layer}`));
}

/** What containers, and builds to come, need of the images, as it is now. */
export function usedByContainers(paths: Paths): Pick<RemoveOptions, 'usedBy' | 'keepLayers'> {
  const records = listContainers(paths).map(({ record }) => record);
  return {
    usedBy: (id) => records.filter((record) => imagesOf(record).includes(id)).map(({ name }) => name),
    keepLayers: new Set([...layersInUse(records), ...cachedLayers(paths)]),
  };
}
