/** The root of one step: the layers so far, and a directory over them that becomes the next layer. */

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { mapPlan } from '../../../rootless/id-map.ts';
import { newId } from '../../container/name.ts';
import { removeTrees } from '../../container/remove-tree.ts';
import { makeRoot, type RootRecord, rootOperations } from '../../container/root.ts';
import { containerDirectory } from '../../container/store.ts';
import type { Namespace } from '../../images/unpack/apply-job.ts';
import { visibleLayers } from '../../images/unpack/unpack.ts';
import { launcherPath } from '../../launcher.ts';
import type { StageState } from '../stage-state.ts';
import { type BuildEnvironment, hexOf } from './step.ts';

export interface DraftRoot {
  readonly record: RootRecord & { id: string };
  /** Of the step, in the build's own. */
  readonly directory: string;
}

/** A root that no container has: for files that are written from outside. */
export async function draftRoot(build: BuildEnvironment, state: StageState): Promise<DraftRoot> {
  const { paths, host } = build;
  const id = newId();
  const directory = containerDirectory(paths, id);
  const layers = visibleLayers(
    paths.layers,
    state.layers.map(({ diffId }) => diffId),
  ).map(hexOf);
  const record = { id, driver: await build.driver(), layers, maps: host.defaultMaps };
  mkdirSync(directory, { mode: 0o700 });
  makeRoot(paths, host, record, directory);
  return { record, directory };
}

/** Where the root is mounted, for the launcher's jobs. */
export function placeOf({ paths, host }: BuildEnvironment, { record, directory }: DraftRoot): Namespace {
  return {
    launcher: launcherPath(),
    maps: [
      ...mapPlan(record.maps),
      ['namespace', 'user'],
      ['namespace', 'mount'],
      ['root-target', join(directory, 'rootfs')],
      ...rootOperations(paths, host, record, directory),
    ],
  };
}

/** What has been written over the layers. */
export const upperOf = ({ record, directory }: DraftRoot): string =>
  join(directory, record.driver === 'copy' ? 'copy' : 'upper');

export function discardRoot({ directory }: Pick<DraftRoot, 'directory'>): void {
  removeTrees([directory]);
}
