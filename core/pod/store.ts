import { mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { type ListedContainer, listContainers } from '../container/list.ts';
import { errnoOf, PodError } from '../error.ts';
import { emitEvent } from '../events.ts';
import {
  directoryOf,
  findRecord,
  listIdsOf,
  readJson,
  releaseName,
  type TellDamaged,
  unlessDamaged,
} from '../named.ts';
import type { Paths } from '../paths.ts';
import type { PodRecord } from './record.ts';

/** undefined: removed meanwhile. Throws PodError `invalid` for one that is damaged. */
export function readPod(paths: Paths, id: string): PodRecord | undefined {
  const file = join(directoryOf(paths, 'pod', id), 'pod.json');
  const record = readJson(file) as PodRecord | undefined;
  if (record === undefined || isWhole(record, id)) return record;
  throw new PodError({
    code: 'invalid',
    message: `cannot read ${file}`,
    why: 'it is no record of this pod',
    hint: 'tsc-pod system check --repair   # puts it aside',
  });
}

/** Whether what everything looks at is there. */
function isWhole(record: PodRecord, id: string): boolean {
  const { name, created, labels, shared } = record ?? {};
  const texts = [name, created].every((text) => typeof text === 'string');
  return texts && record.id === id && !!labels && Array.isArray(shared);
}

/** The pod of a name, an id, or an id's beginning that only one has. */
export function findPod(paths: Paths, wish: string): PodRecord {
  const found = findRecord(paths, 'pod', wish, (id) => readPod(paths, id));
  if (found) return found;
  throw new PodError({
    code: 'not-found',
    message: `no such pod: ${wish}`,
    hint: 'tsc-pod pod ps   # lists all pods',
  });
}

export interface ListedPod {
  pod: PodRecord;
  /** The newest first, the infra container among them. */
  containers: ListedContainer[];
}

/** All pods with their containers, the newest first. One that is damaged is told of. */
export function listPods(paths: Paths, damaged: TellDamaged = () => {}): ListedPod[] {
  const read = (id: string) => readPod(paths, id);
  const pods = listIdsOf(paths, 'pod').flatMap((id) => unlessDamaged(id, read, damaged) ?? []);
  if (pods.length === 0) return [];
  const containers = listContainers(paths);
  return pods
    .map((pod) => ({ pod, containers: containers.filter(({ record }) => record.pod === pod.id) }))
    .sort((a, b) => (a.pod.created < b.pod.created ? 1 : -1));
}

export function containersOf(paths: Paths, pod: PodRecord): ListedContainer[] {
  return listContainers(paths).filter(({ record }) => record.pod === pod.id);
}

/** Takes a pod out of sight. False: somebody else has done it. Its directory, now in trash/, is for who calls to remove. */
export function discardPod(paths: Paths, { id, name }: PodRecord): boolean {
  mkdirSync(paths.trash, { recursive: true, mode: 0o700 });
  try {
    renameSync(directoryOf(paths, 'pod', id), join(paths.trash, id));
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false;
    throw error;
  } finally {
    releaseName(paths, name, id);
  }
  return true;
}

export function emitPodEvent(paths: Paths, { id, name, labels }: PodRecord, action: string): void {
  emitEvent(paths, { type: 'pod', action, id, attributes: { ...labels, name } });
}
