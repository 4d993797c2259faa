import { removeMeasured } from '../container/disk-usage.ts';
import type { Pruned } from '../container/prune.ts';
import type { Paths } from '../paths.ts';
import { listVolumes, type VolumeRecord } from './store.ts';
import { discardVolume } from './users.ts';

/** Removes the volumes that no container uses and that `wanted` holds for. */
export function pruneVolumes(paths: Paths, wanted: (volume: VolumeRecord) => boolean): Pruned {
  const deleted: string[] = [];
  const trees: string[] = [];
  for (const volume of listVolumes(paths)) {
    if (!wanted(volume)) continue;
    const trash = discardVolume(paths, volume.name);
    if (typeof trash !== 'string') continue;
    deleted.push(volume.name);
    trees.push(trash);
  }
  return { deleted, freed: removeMeasured(trees) };
}
