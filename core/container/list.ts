import { type TellDamaged, unlessDamaged } from '../named.ts';
import type { Paths } from '../paths.ts';
import { discardContainer, isAbandonedInfra, isLost } from './discard.ts';
import { bootId } from './process-identity.ts';
import type { ContainerRecord } from './record.ts';
import { type ContainerState, containerState } from './state.ts';
import { listIds, readRecord } from './store.ts';

export interface ListedContainer {
  record: ContainerRecord;
  state: ContainerState;
}

/**
 * All containers with what they are doing, the newest first. One that is removed meanwhile is left out, and so is one
 * whose monitor, which would have removed it, was killed: it is removed now. One that is damaged is told of.
 */
export function listContainers(paths: Paths, damaged: TellDamaged = () => {}): ListedContainer[] {
  const all: ListedContainer[] = [];
  const boot = bootId();
  for (const id of listIds(paths)) {
    const record = unlessDamaged(id, () => readRecord(paths, id), damaged);
    if (!record) continue;
    const state = containerState(paths, record, boot);
    if (isLost(record, state) || isAbandonedInfra(paths, record, state)) discardContainer(paths, record);
    else all.push({ record, state });
  }
  return all.sort((a, b) => (a.record.created < b.record.created ? 1 : -1));
}
