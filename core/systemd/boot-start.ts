import type { ContainerRecord } from '../container/record.ts';
import { type ContainerState, isUp } from '../container/state.ts';

/** Whether a container comes back after a reboot: podman's filter should-start-on-boot. One that the user stopped stays down. */
export function shouldStartOnBoot(
  { restart }: Partial<Pick<ContainerRecord, 'restart'>>,
  state: Pick<ContainerState, 'status' | 'stopped' | 'startedAt'>,
): boolean {
  if (isUp(state.status) || state.startedAt === 0) return false;
  if (restart?.name === 'always') return true;
  return restart?.name === 'unless-stopped' && !state.stopped;
}
