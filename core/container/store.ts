import { mkdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { OciSpec } from '../../rootless/oci-spec.ts';
import { stringifyExact } from '../../rootless/seccomp/exact-json.ts';
import { PodError } from '../error.ts';
import {
  beginDraft,
  commitDraft,
  type Draft,
  directoryOf,
  findRecord,
  listIdsOf,
  readJson,
  writeNew,
} from '../named.ts';
import type { Paths } from '../paths.ts';
import type { ContainerRecord } from './record.ts';

export {
  abandonDraft as abandonContainer,
  claimName,
  type Draft,
  holderOf,
  isContainer,
  releaseName,
  reservation,
} from '../named.ts';

export function containerDirectory(paths: Paths, id: string): string {
  return directoryOf(paths, 'container', id);
}

/** Where a start from here has its runtime directory. Short: unix sockets in it have paths of at most 107 bytes, unix(7). */
export function newRuntimeDirectory(paths: Paths, id: string): string {
  return join(paths.runtime, id.slice(0, 16));
}

/** The container's runtime directory: the monitor leaves a link, since cron and `su` have another XDG_RUNTIME_DIR. */
export function runtimeDirectory(paths: Paths, id: string): string {
  try {
    return readlinkSync(join(containerDirectory(paths, id), 'runtime'));
  } catch {
    return newRuntimeDirectory(paths, id);
  }
}

/**
 * Makes the directory and reserves the name. Volumes are closed to other users like containers: a set-user-ID program
 * that root of a container leaves there is this user's own outside.
 */
export function beginContainer(paths: Paths, wish: string | undefined): Draft {
  for (const path of [paths.volumes, paths.runtime]) mkdirSync(path, { recursive: true, mode: 0o700 });
  return beginDraft(paths, 'container', wish);
}

/** Makes the container visible. `containers/<id>` is there, whole, after this; a power cut can't empty its files. */
export function commitContainer(paths: Paths, draft: Draft, spec: OciSpec, record: ContainerRecord): void {
  const durable = !record.autoRemove; // what goes with a reboot needs no disk
  writeNew(join(draft.directory, 'config.json'), stringifyExact(spec), durable);
  writeNew(join(draft.directory, 'container.json'), JSON.stringify(record), durable);
  commitDraft(paths, draft);
}

export function listIds(paths: Paths): string[] {
  return listIdsOf(paths, 'container');
}

/** undefined: removed meanwhile. Throws PodError `invalid` for one that is damaged. */
export function readRecord(paths: Paths, id: string): ContainerRecord | undefined {
  const file = join(containerDirectory(paths, id), 'container.json');
  const record = readJson(file) as ContainerRecord | undefined;
  if (record === undefined || isWhole(record, id)) return record;
  throw new PodError({
    code: 'invalid',
    message: `cannot read ${file}`,
    why: 'it is no record of this container',
    hint: `tsc-pod rm -f ${id.slice(0, 12)}   # removes what is left of it`,
  });
}

/** Whether what everything looks at is there. */
function isWhole(record: ContainerRecord, id: string): boolean {
  const { name, created, log, network, volumes, layers, maps } = record ?? {};
  const texts = [name, created].every((text) => typeof text === 'string');
  return (
    texts &&
    record.id === id &&
    !!log &&
    !!network &&
    !!maps &&
    Array.isArray(volumes) &&
    Array.isArray(layers)
  );
}

export function readSpec(paths: Paths, id: string): OciSpec | undefined {
  return readJson(join(containerDirectory(paths, id), 'config.json')) as OciSpec | undefined;
}

/** The container of a name, an id, or an id's beginning that only one has. */
export function findContainer(paths: Paths, wish: string): ContainerRecord {
  const found = findRecord(paths, 'container', wish, (id) => readRecord(paths, id));
  if (found) return found;
  throw new PodError({
    code: 'not-found',
    message: `no such container: ${wish}`,
    hint: 'tsc-pod ps -a   # lists all containers',
  });
}
