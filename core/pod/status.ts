import type { Status } from '../container/state.ts';

export type PodStatus = 'Created' | 'Running' | 'Degraded' | 'Exited' | 'Stopped' | 'Paused';

/** Podman's rule: what the states of its containers, the infra container among them, make of a pod. */
export function podStatus(states: readonly Status[]): PodStatus {
  const all = states.length;
  const count = (...wanted: Status[]) => states.filter((state) => wanted.includes(state)).length;
  const running = count('running', 'restarting');
  const ended = count('exited');
  if (all === 0) return 'Created';
  if (running === all) return 'Running';
  if (running > 0) return 'Degraded';
  if (count('paused') === all) return 'Paused';
  if (ended === all) return 'Exited';
  return ended > 0 ? 'Stopped' : 'Created';
}
