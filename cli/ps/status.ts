import type { ContainerState } from '../../core/container/state.ts';
import { humanDuration } from '../output/units.ts';

/** Docker's words behind the status. */
const HEALTH_WORDS: Record<string, string> = {
  starting: ' (health: starting)',
  healthy: ' (healthy)',
  unhealthy: ' (unhealthy)',
};

/** `Up 3 minutes (Paused)`, `Exited (0) 2 days ago`. Milliseconds since the epoch. */
export function statusText(state: ContainerState, health: string | undefined, now: number): string {
  const since = (seconds: number) => humanDuration(now - seconds * 1000);
  const ended = state.finishedAt > 0 ? ` ${since(state.finishedAt)} ago` : '';
  switch (state.status) {
    case 'running':
      return `Up ${since(state.startedAt)}${HEALTH_WORDS[health ?? ''] ?? ''}`;
    case 'paused':
      return `Up ${since(state.startedAt)} (Paused)`;
    case 'restarting':
      return `Restarting (${state.exitCode})${ended}`;
    case 'created':
      return 'Created';
    default:
      return `Exited (${state.exitCode})${ended}`;
  }
}
