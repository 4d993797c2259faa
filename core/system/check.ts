/** The whole store, looked at without a lock and without a change. */

import { setTimeout as pause } from 'node:timers/promises';
import { hostFacts } from '../container/facts.ts';
import type { Paths } from '../paths.ts';
import { checkAbandoned } from './check-abandoned.ts';
import { checkContainers } from './check-containers.ts';
import { checkEvents } from './check-events.ts';
import { checkCgroups, checkMounts } from './check-host.ts';
import { checkImages } from './check-images.ts';
import { checkLayers } from './check-layers.ts';
import { checkNames } from './check-names.ts';
import { checkNetworks } from './check-networks.ts';
import { checkPods } from './check-pods.ts';
import { checkPrograms } from './check-programs.ts';
import { checkRuntime } from './check-runtime.ts';
import { checkVolumes } from './check-volumes.ts';
import type { Finding } from './finding.ts';

export interface CheckWish {
  paths: Paths;
  environment: NodeJS.ProcessEnv;
  /** Sizes of blobs instead of their digests. */
  quick: boolean;
}

/** What others are doing at this moment looks wrong while it lasts, and not for so long. */
const SETTLED_MS = 150;

/** What is wrong, and was so a moment ago too. */
export async function checkStore(wish: CheckWish): Promise<Finding[]> {
  const first = await lookAtAll(wish);
  if (first.length === 0) return [];
  await pause(SETTLED_MS);
  const keyOf = ({ type, id, problem }: Finding) => JSON.stringify([type, id, problem]);
  const seen = new Set(first.map(keyOf));
  return (await lookAtAll(wish)).filter((finding) => seen.has(keyOf(finding)));
}

async function lookAtAll({ paths, environment, quick }: CheckWish): Promise<Finding[]> {
  const programs = checkPrograms(paths); // first: to mend the others it takes a launcher
  const images = await checkImages(paths, quick);
  const containers = checkContainers(paths);
  const pods = checkPods(paths, containers.records);
  const used = new Map(
    containers.records.flatMap(({ driver, layers, image }) =>
      driver === 'copy' ? [] : layers.map((hex) => [hex, image.name] as const),
    ),
  );
  return [
    ...programs,
    ...images.findings,
    ...checkLayers(paths, images.layers, used),
    ...containers.findings,
    ...pods.findings,
    ...checkNames(paths, [...containers.records, ...pods.pods]),
    ...checkVolumes(paths, containers.records),
    ...checkNetworks(paths, () => hostFacts(environment), containers.records),
    ...checkAbandoned(paths),
    ...checkRuntime(paths),
    ...checkMounts(paths),
    ...checkCgroups(paths, environment),
    ...checkEvents(paths),
  ];
}

export interface Mended extends Finding {
  /** Why it could not be mended. */
  error?: unknown;
}

/**
 * Mends one object after the other; what can't be mended stops no other. As long as that helps: one may have hidden
 * another, or have been in its way.
 */
export async function repairStore(wish: CheckWish): Promise<Mended[]> {
  const all = new Map<string, Mended>();
  for (let round = 0; round < 5; round++) {
    const found = await checkStore(wish);
    let helped = false;
    for (const finding of found) {
      const mended = await mendOne(finding);
      helped ||= mended.error === undefined;
      all.set(`${finding.type} ${finding.id}`, mended);
    }
    if (!helped) break;
  }
  return [...all.values()];
}

async function mendOne(finding: Finding): Promise<Mended> {
  try {
    await finding.mend();
    return finding;
  } catch (error) {
    return { ...finding, error };
  }
}
