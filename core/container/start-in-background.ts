import { spawnSync } from 'node:child_process';
import { PodError } from '../error.ts';
import { launcherPath } from '../launcher.ts';
import type { Paths } from '../paths.ts';
import type { HostFacts } from './facts.ts';
import { joinsOf } from './joins.ts';
import { launchPlan } from './launch-plan.ts';
import { writePlan } from './plan-file.ts';
import type { ContainerRecord } from './record.ts';
import { BACKGROUND } from './start-mode.ts';
import { containerState, isUp } from './state.ts';
import { readRecord, readSpec } from './store.ts';

/** Starts a container that doesn't run, and returns when its command does. Throws PodError `launch` with the launcher's words. */
export function startInBackground(paths: Paths, host: HostFacts, record: ContainerRecord): void {
  const spec = readSpec(paths, record.id);
  if (!spec) throw new PodError({ code: 'not-found', message: `no such container: ${record.name}` });
  const launch = launchPlan({ paths, host, record, spec, mode: BACKGROUND });
  const [program = '', ...words] = [...launch.prefix, launcherPath(), writePlan(paths, record.id, launch)];
  const done = spawnSync(program, words, { stdio: ['ignore', 'ignore', 'pipe'] });
  if (done.status === 0) return;
  const [first = '', hint] = done.stderr?.toString().trim().split('\n') ?? [];
  throw new PodError({
    code: 'launch',
    message: `cannot start ${record.name}`,
    why: first.replace(/^Error: /, '') || done.error?.message || `signal ${done.signal}`,
    ...(hint && { hint }),
    cause: done.error,
  });
}

/** Starts the infra container of the pod that a container is in, if that doesn't run: it would be missed. */
export function startInfraOf(paths: Paths, host: HostFacts, record: ContainerRecord): void {
  for (const id of joinsOf(record).keys()) {
    const other = readRecord(paths, id);
    if (other?.infra && !isUp(containerState(paths, other).status)) startInBackground(paths, host, other);
  }
}
