import { join } from 'node:path';
import { runLauncher } from '../../rootless/launcher.ts';
import type { Operation } from '../../rootless/plan.ts';
import type { ContainerRecord } from '../container/record.ts';
import { containerDirectory, runtimeDirectory } from '../container/store.ts';
import { PodError } from '../error.ts';
import { launcherPath } from '../launcher.ts';
import type { Paths } from '../paths.ts';
import { hubDirectory } from './operations.ts';

/** A change of the networks of a container that runs: rootless/plan.ts, hub-ask. */
export function askHub(
  paths: Paths,
  { id, name }: Pick<ContainerRecord, 'id' | 'name'>,
  wishes: readonly Operation[],
): void {
  if (wishes.length === 0) return;
  const runtime = runtimeDirectory(paths, id);
  try {
    runLauncher(launcherPath(), 'hub-ask', [
      ['hub', hubDirectory(paths), ''],
      ['container', id, containerDirectory(paths, id)],
      ['target-state', join(runtime, 'state')],
      ...wishes,
    ]);
  } catch (error) {
    if (!(error instanceof PodError)) throw error;
    const { code, why, hint, cause } = error;
    throw new PodError({
      code,
      message: `cannot change the networks of ${name}`,
      why,
      hint,
      cause,
    });
  }
}
