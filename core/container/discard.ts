import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf } from '../error.ts';
import { directoryOf } from '../named.ts';
import { releaseAddresses } from '../network/leases.ts';
import type { Paths } from '../paths.ts';
import { discardVolume, releaseVolume } from '../volume/users.ts';
import { emitContainerEvent } from './events.ts';
import { endOrphan } from './orphans.ts';
import { bootId, isSameProcess, signalProcess } from './process-identity.ts';
import type { ContainerRecord } from './record.ts';
import { type ContainerState, containerState, isUp, readRunning } from './state.ts';
import { containerDirectory, holderOf, readRecord, releaseName, runtimeDirectory } from './store.ts';

/**
 * Takes a container out of sight: from here on it is gone, but for its files. Gives where these are now, also those of
 * volumes that go with it; undefined: somebody else has done it.
 */
export function discardContainer(paths: Paths, record: ContainerRecord): string[] | undefined {
  const { id, name } = record;
  mkdirSync(paths.trash, { recursive: true, mode: 0o700 });
  const runtime = runtimeDirectory(paths, id);
  const files = join(paths.trash, id);
  try {
    renameSync(containerDirectory(paths, id), files);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  } finally {
    releaseName(paths, name, id);
    for (const volume of record.volumes) releaseVolume(paths, volume.name, id);
    releaseAddresses(paths, record);
    endLateStart(runtime);
    endOrphan(runtime);
    rmSync(runtime, { recursive: true, force: true });
  }
  emitContainerEvent(paths, record, 'destroy');
  return record.autoRemove ? [files, ...discardAnonymous(paths, record)] : [files];
}

/** Those of its anonymous volumes that no other container uses (--volumes-from). Gives where their files are now. */
export function discardAnonymous(paths: Paths, { volumes }: Pick<ContainerRecord, 'volumes'>): string[] {
  const names = new Set(volumes.filter(({ anonymous }) => anonymous).map(({ name }) => name));
  return [...names].map((name) => discardVolume(paths, name)).filter((trash) => typeof trash === 'string');
}

/** A start that was under way looks whether the container is there once it has written its state: so one sees the other. */
function endLateStart(runtime: string): void {
  signalProcess(readRunning(runtime)?.process, 'SIGKILL');
}

/**
 * A container made with --rm that nobody will remove: it has ended without its monitor, or the `run` that made it was
 * killed before it had started it.
 */
export function isLost(
  record: Pick<ContainerRecord, 'autoRemove' | 'starter'>,
  state: ContainerState,
): boolean {
  if (!record.autoRemove || (state.monitor && isSameProcess(state.monitor))) return false;
  const { starter } = record;
  const abandoned = starter && !(starter.boot === bootId() && isSameProcess(starter));
  return state.status === 'exited' || (state.status === 'created' && abandoned === true);
}

/** An infra container whose pod is gone, or never came to be: its maker or remover was killed. */
export function isAbandonedInfra(
  paths: Paths,
  { infra, pod, starter }: Pick<ContainerRecord, 'infra' | 'pod' | 'starter'>,
  state: ContainerState,
): boolean {
  if (!infra || pod === undefined || isUp(state.status) || existsSync(directoryOf(paths, 'pod', pod)))
    return false;
  return !(starter && starter.boot === bootId() && isSameProcess(starter));
}

/** Takes a name from a container that is lost, so that it can be given again. */
export function freeName(paths: Paths, name: string): void {
  const holder = holderOf(paths, name);
  const record = holder && readable(paths, holder);
  if (record && isLost(record, containerState(paths, record))) discardContainer(paths, record);
}

/** A damaged container keeps its name until it is removed. */
function readable(paths: Paths, id: string): ContainerRecord | undefined {
  try {
    return readRecord(paths, id);
  } catch {
    return undefined;
  }
}
