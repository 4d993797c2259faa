/** What is done to all containers of a pod: each gets its own try, and the first failure is thrown when all are done. */

import type { CreateContext } from '../container/create.ts';
import type { ListedContainer } from '../container/list.ts';
import { pauseContainer, resumeContainer } from '../container/pause.ts';
import { startContainer } from '../container/start.ts';
import { isUp } from '../container/state.ts';
import { killContainer, stopContainer } from '../container/stop.ts';
import type { Paths } from '../paths.ts';
import { startInfra } from './enter.ts';
import type { PodRecord } from './record.ts';
import { containersOf, emitPodEvent } from './store.ts';

type Host = Pick<CreateContext, 'paths' | 'host'>;

async function forEach(
  list: readonly ListedContainer[],
  work: (one: ListedContainer) => void | Promise<void>,
): Promise<void> {
  const failures: unknown[] = [];
  for (const one of list) {
    try {
      await work(one);
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}

/** In the order they were made, the infra container first. */
function inOrder(paths: Paths, pod: PodRecord): ListedContainer[] {
  const all = containersOf(paths, pod).reverse();
  const infra = (one: ListedContainer) => one.record.infra === true;
  return [...all.filter(infra), ...all.filter((one) => !infra(one))];
}

/** Starts what doesn't run of a pod. */
export async function startPod(host: Host, pod: PodRecord): Promise<void> {
  const down = inOrder(host.paths, pod).filter(({ state, record }) => !isUp(state.status) && !record.infra);
  await startInfra(host, pod);
  await forEach(down, ({ record }) => startContainer(record, host));
}

/** Stops what runs of a pod, the infra container last. `timeout` in seconds; undefined: each its own. */
export async function stopPod(paths: Paths, pod: PodRecord, timeout?: number): Promise<void> {
  const up = inOrder(paths, pod)
    .filter(({ state }) => isUp(state.status))
    .reverse();
  const others = up
    .filter(({ record }) => !record.infra)
    .map(({ record }) => stopContainer(paths, record, { timeout }));
  const failed = (await Promise.allSettled(others)).find(({ status }) => status === 'rejected');
  if (failed?.status === 'rejected') throw failed.reason;
  await forEach(
    up.filter(({ record }) => record.infra),
    ({ record }) => stopContainer(paths, record, { timeout }),
  );
  emitPodEvent(paths, pod, 'stop');
}

export async function restartPod(host: Host, pod: PodRecord, timeout?: number): Promise<void> {
  await stopPod(host.paths, pod, timeout);
  await startPod(host, pod);
}

export async function killPod(paths: Paths, pod: PodRecord, signal: string): Promise<void> {
  const up = inOrder(paths, pod).filter(({ state }) => isUp(state.status));
  await forEach(up.reverse(), ({ record }) => killContainer(paths, record, signal));
  emitPodEvent(paths, pod, 'kill');
}

export async function pausePod({ paths, host }: Host, pod: PodRecord): Promise<void> {
  const running = inOrder(paths, pod).filter(({ state }) => state.status === 'running');
  await forEach(running.reverse(), ({ record }) => pauseContainer(paths, record, host.cgroups));
  emitPodEvent(paths, pod, 'pause');
}

export async function unpausePod(paths: Paths, pod: PodRecord): Promise<void> {
  const paused = inOrder(paths, pod).filter(({ state }) => state.status === 'paused');
  await forEach(paused, ({ record }) => resumeContainer(paths, record));
  emitPodEvent(paths, pod, 'unpause');
}
