import { join } from 'node:path';
import type { Paths } from '../paths.ts';
import { discardContainer } from './discard.ts';
import { removeMeasured } from './disk-usage.ts';
import { type ListedContainer, listContainers } from './list.ts';
import { isUp } from './state.ts';

export interface Pruned {
  /** Ids or names, in the order of their removal. */
  deleted: string[];
  /** Bytes on the disk that were freed. */
  freed: number;
}

/** Removes the containers that don't run and that `wanted` holds for. A pod's go with their pod. */
export function pruneContainers(paths: Paths, wanted: (one: ListedContainer) => boolean): Pruned {
  const deleted: string[] = [];
  for (const one of listContainers(paths)) {
    const { record, state } = one;
    if (isUp(state.status) || record.pod !== undefined || !wanted(one)) continue;
    if (discardContainer(paths, record)) deleted.push(record.id);
  }
  return { deleted, freed: removeMeasured(deleted.map((id) => join(paths.trash, id))) };
}
