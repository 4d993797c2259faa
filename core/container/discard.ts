import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf } from '../error.ts';
import type { Paths } from '../paths.ts';
import { isSameProcess } from './process-identity.ts';
import type { ContainerRecord } from './record.ts';
import { type ContainerState, containerState } from './state.ts';
import { containerDirectory, holderOf, readRecord, releaseName, runtimeDirectory } from './store.ts';

/** Takes a container out of sight: from here on it is gone, but for its files. False: somebody else has done it. */
export function discardContainer(paths: Paths, record: Pick<ContainerRecord, 'id' | 'name'>): boolean {
  const { id, name } = record;
  mkdirSync(paths.trash, { recursive: true, mode: 0o700 });
  try {
    renameSync(containerDirectory(paths, id), join(paths.trash, id));
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false;
    throw error;
  } finally {
    releaseName(paths, name, id);
    rmSync(runtimeDirectory(paths, id), { recursive: true, force: true });
  }
  return true;
}

/** A container made with --rm that has ended without its monitor, which would have removed it. */
export function isLost(record: Pick<ContainerRecord, 'autoRemove'>, state: ContainerState): boolean {
  return record.autoRemove && state.status === 'exited' && !(state.monitor && isSameProcess(state.monitor));
}

/** Takes a name from a container that is lost, so that it can be given again. */
export function freeName(paths: Paths, name: string): void {
  const holder = holderOf(paths, name);
  const record = holder && readRecord(paths, holder);
  if (record && isLost(record, containerState(paths, record))) discardContainer(paths, record);
}
