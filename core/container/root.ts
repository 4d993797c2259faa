import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram, type IdMaps, userNamespacePlan } from '../../rootless/id-map.ts';
import { ownerShift } from '../../rootless/id-map-shift.ts';
import { runLauncher } from '../../rootless/launcher.ts';
import { type DriverName, driverFor } from '../../rootless/overlay/driver.ts';
import {
  copyOwners,
  copyPlan,
  type RootParts,
  readOnlyRootPlan,
  rootPlan,
} from '../../rootless/overlay/root-plan.ts';
import type { Operation } from '../../rootless/plan.ts';
import { launcherPath } from '../launcher.ts';
import { makeDirectory } from '../make-directory.ts';
import type { Paths } from '../paths.ts';
import type { HostFacts } from './facts.ts';
import { probeOverlay } from './probe-overlay.ts';
import type { ContainerRecord } from './record.ts';

/** What a root is made of. */
export type RootRecord = Pick<ContainerRecord, 'driver' | 'layers' | 'maps'>;

/** The unpacked layers of an image, the topmost first. `layers` are hex diff ids, the lowest first. */
export function layerDirectories(paths: Paths, layers: readonly string[]): string[] {
  return layers.map((id) => join(paths.layers, id, 'fs')).reverse();
}

function partsOf(paths: Paths, layers: readonly string[], directory: string): RootParts {
  const [upper, work, copy] = ['upper', 'work', 'copy'].map((name) => join(directory, name));
  return { lowers: layerDirectories(paths, layers), upper: upper!, work: work!, copy: copy! };
}

/** The driver that a new container gets, and keeps. */
export async function chooseDriver(
  paths: Paths,
  host: HostFacts,
  maps: IdMaps,
  wish: string | undefined,
): Promise<DriverName> {
  const shift = ownerShift(host.defaultMaps, maps);
  const probe = () => probeOverlay(paths, host);
  return (await driverFor({ wish, dataRoot: paths.data, shift, probe })).name;
}

/** What a container's root is made of, in the container's directory while it is still a draft. */
export function makeRoot(paths: Paths, host: HostFacts, record: RootRecord, draft: string): void {
  mkdirSync(join(draft, 'rootfs'), { mode: 0o700 });
  if (record.driver !== 'copy') {
    makeDirectory(join(draft, 'upper'), 0o755);
    mkdirSync(join(draft, 'work'), { mode: 0o700 });
    return;
  }
  makeDirectory(join(draft, 'copy'), 0o755);
  if (record.layers.length === 0) return;
  const copies = copyPlan(partsOf(paths, record.layers, draft), ownerShift(host.defaultMaps, record.maps));
  runLauncher(launcherPath(), 'enter', [...userNamespacePlan(host.defaultMaps), ...copies]);
  writeFileSync(join(draft, 'copied'), '');
}

/**
 * The job of the launcher (rootless/plan.ts) that writes what a container has changed in its image's files, in the
 * default map's namespace. `list`: names only.
 */
export function layerJob(
  paths: Paths,
  host: HostFacts,
  record: RootRecord,
  directory: string,
  list: boolean,
): Operation[] {
  const { lowers, upper, copy } = partsOf(paths, record.layers, directory);
  const flags = list ? ['list'] : [];
  if (record.driver === 'fuse-overlayfs') flags.push('marks');
  if (record.driver !== 'copy') return [['pack-layer', flags.join(',') || '-', upper, ...lowers]];
  const since = statSync(join(directory, 'copied'), { throwIfNoEntry: false, bigint: true })?.mtimeNs;
  flags.push('whole', ...(since === undefined ? [] : [`since=${since}`]));
  const owners = copyOwners(ownerShift(host.defaultMaps, record.maps));
  return [...owners, ['pack-layer', flags.join(','), copy, ...lowers]];
}

/** The operations that mount the root of a container that is made; `look`: for a reader, while it may be in use. */
export function rootOperations(
  paths: Paths,
  host: HostFacts,
  record: RootRecord,
  directory: string,
  look = false,
): Operation[] {
  const program = record.driver === 'fuse-overlayfs' ? findProgram('fuse-overlayfs') : undefined;
  const driver = { name: record.driver, reason: '', ...(program && { program }) };
  const shift = ownerShift(host.defaultMaps, record.maps);
  const plan = look ? readOnlyRootPlan : rootPlan;
  return plan(driver, partsOf(paths, record.layers, directory), shift);
}
