import { once } from 'node:events';
import { runLauncher, spawnLauncher } from '../../rootless/launcher.ts';
import type { Operation } from '../../rootless/plan.ts';
import { PodError } from '../error.ts';
import { launcherPath } from '../launcher.ts';
import type { Paths } from '../paths.ts';
import { emitContainerEvent } from './events.ts';
import { resume } from './pause.ts';
import type { ContainerRecord } from './record.ts';
import { signalNumber } from './signals.ts';
import { type ContainerState, containerState, isUp } from './state.ts';

function targetOf(state: ContainerState): Operation[] {
  const { process, monitor } = state;
  const operations: Operation[] = [['target', String(process!.pid), process!.start]];
  if (monitor?.start) operations.push(['wait-for', String(monitor.pid), monitor.start]);
  return operations;
}

/** SIGKILL can't be told apart from a plain end of waiting: no time-out is never. */
const NEVER = '-1';

/**
 * Sends the container's stop signal and, `timeout` seconds later (-1: never), SIGKILL; returns when it has ended and
 * its monitor has written down how. A container that doesn't run is fine.
 */
export function stopContainer(
  paths: Paths,
  record: ContainerRecord,
  timeout: number = record.stopTimeout,
): void {
  const state = containerState(paths, record);
  if (!isUp(state.status)) return;
  const milliseconds = timeout < 0 ? NEVER : String(Math.min(timeout * 1000, 2 ** 31 - 1));
  const number = timeout === 0 ? 9 : signalNumber(record.stopSignal);
  emitContainerEvent(paths, record, 'kill', { signal: String(number) });
  const paused = state.status === 'paused';
  if (paused) {
    // A stopped process gets its signal when it goes on.
    const [target] = targetOf(state);
    runLauncher(launcherPath(), 'signal', [target!, ['signal', String(number)]]);
    resume(paths, record);
  }
  runLauncher(launcherPath(), 'signal', [
    ...targetOf(state),
    ['signal', paused ? '0' : String(number)],
    ['stop-timeout', milliseconds],
  ]);
  emitContainerEvent(paths, record, 'stop');
}

/** Sends one signal, by name or number, and doesn't wait. A paused container goes on with it, as docker's does. */
export function killContainer(paths: Paths, record: ContainerRecord, signal: string): void {
  const number = signalNumber(signal);
  const state = containerState(paths, record);
  if (!isUp(state.status)) {
    throw new PodError({
      code: 'conflict',
      message: `cannot kill ${record.name}`,
      why: 'it is not running',
      hint: 'tsc-pod ps -a   # shows what containers are doing',
    });
  }
  const [target] = targetOf(state);
  runLauncher(launcherPath(), 'signal', [target!, ['signal', String(number)]]);
  emitContainerEvent(paths, record, 'kill', { signal: String(number) });
  if (state.status === 'paused') resume(paths, record);
}

/** Returns the exit code of a container when it has ended; at once if it doesn't run. */
export async function waitForContainer(paths: Paths, record: ContainerRecord): Promise<number> {
  const state = containerState(paths, record);
  if (isUp(state.status)) await waitForEnd(state);
  return containerState(paths, record).exitCode;
}

async function waitForEnd(state: ContainerState): Promise<void> {
  const child = spawnLauncher(launcherPath(), 'signal', [...targetOf(state), ['stop-timeout', NEVER]], {
    stdio: 'ignore',
  });
  await once(child, 'exit');
}
