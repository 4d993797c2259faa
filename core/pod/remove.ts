import { join } from 'node:path';
import { removeContainer } from '../container/remove.ts';
import { removeTrees } from '../container/remove-tree.ts';
import { isUp } from '../container/state.ts';
import { stopContainer } from '../container/stop.ts';
import { PodError } from '../error.ts';
import type { Paths } from '../paths.ts';
import type { PodRecord } from './record.ts';
import { containersOf, discardPod, emitPodEvent } from './store.ts';

export interface RemovePodOptions {
  /** Ends what runs, and removes all containers. */
  force: boolean;
  /** Seconds for those that run, before SIGKILL; undefined: none, as for rm -f. */
  timeout?: number | undefined;
}

/**
 * Removes a pod with its containers; the infra container last, after the pod itself is gone: an infra container without
 * its pod is nobody's, and collected. Throws PodError `conflict`, before anything is removed, where one runs.
 */
export async function removePod(
  paths: Paths,
  pod: PodRecord,
  { force, timeout }: RemovePodOptions,
): Promise<void> {
  const all = containersOf(paths, pod);
  const others = all.filter(({ record }) => !record.infra);
  const running = others.filter(({ state }) => isUp(state.status));
  if (running.length > 0 && !force)
    throw new PodError({
      code: 'conflict',
      message: `cannot remove pod ${pod.name}`,
      why: `${running.map(({ record }) => record.name).join(', ')} of it ${running.length > 1 ? 'are' : 'is'} running`,
      hint: `tsc-pod pod rm -f ${pod.name}   # or stop it first`,
    });
  await Promise.all(running.map(({ record }) => stopContainer(paths, record, { timeout: timeout ?? 0 })));
  for (const { record } of others)
    await removeContainer(paths, record, { force: true, volumes: true, ofPod: true });
  const infra = all.filter(({ record }) => record.infra);
  for (const { record } of infra) await stopContainer(paths, record, { timeout: 0 });
  const discarded = discardPod(paths, pod);
  for (const { record } of infra)
    await removeContainer(paths, record, { force: true, volumes: true, ofPod: true });
  if (!discarded) return;
  removeTrees([join(paths.trash, pod.id)]);
  emitPodEvent(paths, pod, 'remove');
}
