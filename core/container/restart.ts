import { emitContainerEvent } from './events.ts';
import type { ContainerRecord } from './record.ts';
import { type StartContext, startContainer } from './start.ts';
import { type StopOptions, stopContainer } from './stop.ts';

/** Stops a container, if it runs, and starts it. */
export async function restartContainer(
  record: ContainerRecord,
  options: StopOptions,
  context: StartContext,
): Promise<void> {
  await stopContainer(context.paths, record, options);
  await startContainer(record, context);
  emitContainerEvent(context.paths, record, 'restart');
}
