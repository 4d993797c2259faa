import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { discardContainer, isAbandonedInfra } from '../container/discard.ts';
import type { ContainerRecord } from '../container/record.ts';
import { removeTrees } from '../container/remove-tree.ts';
import { containerState } from '../container/state.ts';
import { PodError } from '../error.ts';
import { directoryOf, listIdsOf } from '../named.ts';
import type { Paths } from '../paths.ts';
import type { PodRecord } from '../pod/record.ts';
import { discardPod, readPod } from '../pod/store.ts';
import { type Finding, moveAside, reasonOf } from './finding.ts';

export interface CheckedPods {
  findings: Finding[];
  /** Those whose record can be read. */
  pods: PodRecord[];
}

/** Pods with their infra containers: neither is of use without the other. */
export function checkPods(paths: Paths, records: readonly ContainerRecord[]): CheckedPods {
  const result: CheckedPods = { findings: [], pods: [] };
  for (const id of listIdsOf(paths, 'pod')) {
    const pod = readOne(paths, id, result.findings);
    if (!pod) continue;
    result.pods.push(pod);
    if (pod.infra !== undefined && !existsSync(directoryOf(paths, 'container', pod.infra)))
      result.findings.push(withoutInfra(paths, pod));
  }
  for (const record of records) {
    if (!isAbandonedInfra(paths, record, containerState(paths, record))) continue;
    result.findings.push({
      type: 'container',
      id: record.name,
      problem: 'its pod is gone',
      repair: 'remove it',
      mend: () => {
        if (discardContainer(paths, record)) removeTrees([join(paths.trash, record.id)]);
      },
    });
  }
  return result;
}

/** undefined: it was removed meanwhile, or there is a finding. */
function readOne(paths: Paths, id: string, findings: Finding[]): PodRecord | undefined {
  try {
    return readPod(paths, id);
  } catch (error) {
    if (!(error instanceof PodError)) throw error;
    findings.push({
      type: 'pod',
      id,
      problem: `pod.json: ${reasonOf(error)}`,
      repair: 'put it aside: its containers stay',
      mend: () => moveAside(paths, directoryOf(paths, 'pod', id), 'pod'),
    });
    return undefined;
  }
}

function withoutInfra(paths: Paths, pod: PodRecord): Finding {
  return {
    type: 'pod',
    id: pod.name,
    problem: 'its infra container is gone',
    repair: 'remove it: its containers stay, but can not be started any more',
    mend: () => {
      if (discardPod(paths, pod)) removeTrees([join(paths.trash, pod.id)]);
    },
  };
}
