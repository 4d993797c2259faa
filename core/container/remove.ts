import { existsSync } from 'node:fs';
import { PodError } from '../error.ts';
import { directoryOf } from '../named.ts';
import type { Paths } from '../paths.ts';
import { discardAnonymous, discardContainer } from './discard.ts';
import { dependentsOf } from './namespaces/dependents.ts';
import type { ContainerRecord } from './record.ts';
import { removeTrees } from './remove-tree.ts';
import { containerState, isUp } from './state.ts';
import { stopContainer } from './stop.ts';

export interface RemoveOptions {
  /** Ends it first if it runs. */
  force: boolean;
  /** Seconds that it gets for its end, -1: no limit; 0, SIGKILL at once, unless told. */
  timeout?: number | undefined;
  /** Removes its anonymous volumes too. */
  volumes: boolean;
  /** Removes the containers that use its namespaces, too, and what uses theirs. */
  depend?: boolean;
  /** Its pod is removed: so what it holds isn't missed. */
  ofPod?: boolean;
}

/** Refuses for what others still need. */
function checkNeeded(paths: Paths, record: ContainerRecord, { force, depend, ofPod }: RemoveOptions): void {
  if (ofPod) return;
  const pod = record.infra && record.pod !== undefined ? record.pod : undefined;
  if (pod !== undefined && existsSync(directoryOf(paths, 'pod', pod)))
    throw new PodError({
      code: 'conflict',
      message: `cannot remove ${record.name}`,
      why: `it holds the namespaces of pod ${pod.slice(0, 12)}`,
      hint: `tsc-pod pod rm ${pod.slice(0, 12)}`,
    });
  const dependents = force || depend ? [] : dependentsOf(paths, record);
  if (dependents.length === 0) return;
  const names = dependents.map(({ name }) => name).join(', ');
  throw new PodError({
    code: 'conflict',
    message: `cannot remove ${record.name}`,
    why: `${names} ${dependents.length > 1 ? 'use' : 'uses'} its namespaces`,
    hint: `tsc-pod rm --depend ${record.name}   # removes them too`,
  });
}

/** Removes a container. It is gone for everybody from the rename on; the files go after that. */
export async function removeContainer(
  paths: Paths,
  record: ContainerRecord,
  options: RemoveOptions,
): Promise<void> {
  checkNeeded(paths, record, options);
  if (options.depend)
    for (const dependent of dependentsOf(paths, record)) await removeContainer(paths, dependent, options);
  const state = containerState(paths, record);
  if (isUp(state.status)) {
    if (!options.force) {
      throw new PodError({
        code: 'conflict',
        message: `cannot remove ${record.name}`,
        why: `it is ${state.status}`,
        hint: `tsc-pod rm -f ${record.name}   # or stop it first`,
        exitCode: 2,
      });
    }
    await stopContainer(paths, record, { timeout: options.timeout ?? 0 });
  }
  // With --rm the monitor has removed it already.
  const doomed = discardContainer(paths, record) ?? [];
  if (options.volumes) doomed.push(...discardAnonymous(paths, record));
  removeTrees(doomed);
}
