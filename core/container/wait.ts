import { setTimeout as delay } from 'node:timers/promises';
import { runRole } from '../../rootless/launcher.ts';
import { PodError } from '../error.ts';
import { launcherPath } from '../launcher.ts';
import type { Paths } from '../paths.ts';
import { readHealth } from './health.ts';
import type { ContainerRecord } from './record.ts';
import { containerState, isUp } from './state.ts';
import { readRecord, runtimeDirectory } from './store.ts';

/** What can be waited for; `stopped` is docker's and podman's other word for exited. */
export const CONDITIONS = [
  'created',
  'running',
  'paused',
  'restarting',
  'exited',
  'stopped',
  'healthy',
  'unhealthy',
] as const;
export type Condition = (typeof CONDITIONS)[number];

/**
 * Returns the exit code of a container when it has ended for good, also of one that is removed then; at once if it
 * doesn't run. 137, as if it was killed, when its monitor was and it is gone.
 */
export async function waitForEnd(paths: Paths, record: ContainerRecord): Promise<number> {
  if (isUp(containerState(paths, record).status)) {
    const { code, stdout } = await runRole(launcherPath(), 'wait', [
      ['runtime', runtimeDirectory(paths, record.id)],
    ]);
    if (code === 0) return Number(stdout);
    if (!readRecord(paths, record.id)) return 137;
  }
  return containerState(paths, record).exitCode;
}

/** Looks every `interval` milliseconds; -1, as podman says, when it is something else than an end. */
export async function waitForCondition(
  paths: Paths,
  record: ContainerRecord,
  conditions: readonly Condition[],
  interval: number,
): Promise<number> {
  const wanted = new Set<string>(conditions.map((one) => (one === 'stopped' ? 'exited' : one)));
  for (;;) {
    const state = containerState(paths, record);
    if (isUp(state.status) && wanted.has(readHealth(paths, record)?.Status ?? '')) return -1;
    if (wanted.has(state.status)) return state.status === 'exited' ? state.exitCode : -1;
    if (!readRecord(paths, record.id)) {
      if (wanted.has('exited')) return 137;
      throw new PodError({
        code: 'not-found',
        message: `no such container: ${record.name}`,
        why: 'it was removed',
      });
    }
    await delay(interval);
  }
}
