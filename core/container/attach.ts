import { becomeRole } from '../../rootless/launcher.ts';
import { PodError } from '../error.ts';
import { launcherPath } from '../launcher.ts';
import type { Paths } from '../paths.ts';
import { emitContainerEvent } from './events.ts';
import { detachBytes } from './flags/detach-keys.ts';
import { refusePaused } from './pause.ts';
import type { ContainerRecord } from './record.ts';
import type { StartMode } from './start-mode.ts';
import { containerState, isUp } from './state.ts';
import { runtimeDirectory } from './store.ts';

/**
 * Joins the caller's streams to a container that runs, until it ends or the detach keys are typed. Does not return:
 * the launcher takes this process's place, and its exit status is the container's.
 */
export function attachContainer(paths: Paths, record: ContainerRecord, mode: StartMode): never {
  const state = containerState(paths, record);
  refusePaused(state, record, 'attach to');
  if (!isUp(state.status))
    throw new PodError({
      code: 'conflict',
      message: `cannot attach to ${record.name}`,
      why: 'it is not running',
      hint: `tsc-pod start -a ${record.name}`,
    });
  emitContainerEvent(paths, record, 'attach');
  return attachTo(paths, record, mode);
}

export function attachTo(paths: Paths, record: ContainerRecord, mode: StartMode): never {
  const keys = mode.detachKeys ?? record.detachKeys;
  return becomeRole(launcherPath(), 'attach', [
    ['runtime', runtimeDirectory(paths, record.id)],
    ['attach', mode.streams.join(',')],
    ...(record.tty ? [['terminal', '0', '0']] : []),
    ...(keys ? [['detach-keys', detachBytes(keys)]] : []),
    ...(mode.sigProxy ? [] : [['no-sig-proxy']]),
  ]);
}
