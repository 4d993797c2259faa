import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { Paths } from '../paths.ts';
import type { ContainerRecord } from './record.ts';
import { type ContainerState, containerState } from './state.ts';
import { containerDirectory, listIds, readRecord } from './store.ts';

export interface ListedContainer {
  record: ContainerRecord;
  state: ContainerState;
}

/** All containers with what they are doing, the newest first. One that is removed meanwhile is left out. */
export function listContainers(paths: Paths): ListedContainer[] {
  const all: ListedContainer[] = [];
  for (const id of listIds(paths)) {
    const record = readRecord(paths, id);
    if (record) all.push({ record, state: containerState(paths, record) });
  }
  return all.sort((a, b) => (a.record.created < b.record.created ? 1 : -1));
}

/** A container with --rm whose monitor was killed: nobody else will remove it. */
export function isLost({ record, state }: ListedContainer): boolean {
  return record.autoRemove && state.status === 'exited';
}

/** Whether a container was made less than a moment ago, and may not have been started yet. */
export function isFresh(paths: Paths, id: string): boolean {
  try {
    return Date.now() - statSync(join(containerDirectory(paths, id), 'container.json')).mtimeMs < 60_000;
  } catch {
    return true;
  }
}
