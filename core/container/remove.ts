import { join } from 'node:path';
import { PodError } from '../error.ts';
import { emitEvent } from '../events.ts';
import type { Paths } from '../paths.ts';
import { discardContainer } from './discard.ts';
import type { ContainerRecord } from './record.ts';
import { removeTrees } from './remove-tree.ts';
import { containerState, isUp } from './state.ts';
import { stopContainer } from './stop.ts';

export interface RemoveOptions {
  /** Ends it first, with SIGKILL, if it runs. */
  force: boolean;
  /** Removes its anonymous volumes too. */
  volumes: boolean;
}

/** Removes a container. It is gone for everybody from the rename on; the files go after that. */
export function removeContainer(paths: Paths, record: ContainerRecord, options: RemoveOptions): void {
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
    stopContainer(paths, record, 0);
  }
  // With --rm the monitor has removed it already.
  const doomed = discardContainer(paths, record) ? [join(paths.trash, record.id)] : [];
  const volumes = options.volumes ? record.volumes.filter((volume) => volume.anonymous) : [];
  removeTrees([...doomed, ...volumes.map(({ name }) => join(paths.volumes, name))]);
  for (const { name } of volumes)
    emitEvent(paths, { type: 'volume', action: 'destroy', id: name, attributes: { driver: 'local' } });
}
