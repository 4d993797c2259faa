import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Paths } from '../paths.ts';
import { emitContainerEvent } from './events.ts';
import { bootId, identify } from './process-identity.ts';
import type { ContainerRecord } from './record.ts';
import { replaceRecord } from './replace.ts';
import { type StartContext, startContainer } from './start.ts';
import { containerState, isUp } from './state.ts';
import { type StopOptions, stopContainer } from './stop.ts';
import { runtimeDirectory } from './store.ts';

/** One made with --rm isn't removed by its monitor, nor by others as long as this process lives. */
function keep(paths: Paths, record: ContainerRecord): ContainerRecord {
  if (!record.autoRemove || !isUp(containerState(paths, record).status)) return record;
  const kept = { ...record, starter: { ...identify(process.pid), boot: bootId() } };
  replaceRecord(paths, kept);
  writeFileSync(join(runtimeDirectory(paths, record.id), 'kept'), '');
  return kept;
}

/** Stops a container, if it runs, and starts it. */
export async function restartContainer(
  record: ContainerRecord,
  options: StopOptions,
  context: StartContext,
): Promise<void> {
  const kept = keep(context.paths, record);
  await stopContainer(context.paths, kept, options);
  await startContainer(kept, context);
  emitContainerEvent(context.paths, record, 'restart');
}
