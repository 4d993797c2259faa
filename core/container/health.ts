import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodePlan } from '../../rootless/plan.ts';
import { errnoOf, PodError } from '../error.ts';
import { launcherPath } from '../launcher.ts';
import type { Paths } from '../paths.ts';
import type { ContainerRecord } from './record.ts';
import { containerState } from './state.ts';
import { containerDirectory, runtimeDirectory } from './store.ts';

/** Docker's State.Health, as the monitor keeps it in containers/<id>/health. */
export interface Health {
  Status: 'starting' | 'healthy' | 'unhealthy';
  FailingStreak: number;
  /** The last five. ExitCode -1: it took too long, or could not be started. */
  Log: { Start: string; End: string; ExitCode: number; Output: string }[];
}

/** undefined: nothing is checked, or it has never run. */
export function readHealth(paths: Paths, record: Pick<ContainerRecord, 'id' | 'health'>): Health | undefined {
  if (!record.health) return undefined;
  try {
    return JSON.parse(readFileSync(join(containerDirectory(paths, record.id), 'health'), 'utf8'));
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Has the monitor check now, and waits for it: whether the check succeeded. */
export function checkHealth(paths: Paths, record: ContainerRecord): boolean {
  const { status } = containerState(paths, record);
  if (!record.health || status !== 'running') {
    throw new PodError({
      code: 'conflict',
      message: `cannot check the health of ${record.name}`,
      why: record.health
        ? `it is ${status === 'paused' ? 'paused' : 'not running'}`
        : 'it has no health check',
      ...(!record.health && { hint: 'run it with --health-cmd COMMAND' }),
    });
  }
  const plan = encodePlan('check-now', [['runtime', runtimeDirectory(paths, record.id)]]);
  const done = spawnSync(launcherPath(), ['-c', plan], { stdio: ['ignore', 'ignore', 'pipe'] });
  if (done.status === 0 || done.status === 1) return done.status === 0;
  throw new PodError({
    code: 'conflict',
    message: `cannot check the health of ${record.name}`,
    why: done.stderr
      ?.toString()
      .trim()
      .replace(/^Error: /, ''),
    cause: done.error,
  });
}
