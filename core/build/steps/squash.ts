/** --squash: the layers of a build become one, which holds what differs from its base; or all become one. */

import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { FileStreamSink } from '../../../rootless/file-stream.ts';
import { layerTar } from '../../container/commit/commit-layer.ts';
import { packSteps } from '../../container/copy/pack-job.ts';
import { ownersNamespace } from '../../container/copy/place.ts';
import { removeTrees } from '../../container/remove-tree.ts';
import type { HistoryEntry } from '../../images/format/types.ts';
import { enterAndDo } from '../../images/unpack/apply-job.ts';
import { makeDirectory } from '../../make-directory.ts';
import type { StageLayer, StageState } from '../stage-state.ts';
import { clampTimes } from './clamp-times.ts';
import { type BuildEnvironment, stageDirectories } from './step.ts';
import { storeTar } from './store-tar.ts';

/** By --squash-all, --squash and --layers=false, which keeps no step's result. */
export async function squashAsAsked(build: BuildEnvironment, state: StageState): Promise<StageState> {
  const { squash: own, squashAll, layers } = build.options;
  return squashAll || own || !layers ? squash(build, state, squashAll) : state;
}

/** `all`: those of the base image, too. The history says of the entries of what was squashed that they have no layer. */
async function squash(build: BuildEnvironment, state: StageState, all: boolean): Promise<StageState> {
  const kept = all ? 0 : state.baseLayers;
  if (state.layers.length === kept) return state;
  const layer = await mergedLayer(build, state, kept);
  const created = build.now();
  const entries = all ? 0 : state.baseEntries;
  const emptied = state.history
    .slice(entries)
    .map((entry): HistoryEntry => ({ ...entry, empty_layer: true }));
  const comment = `squash: ${state.layers.length - kept} layers`;
  return {
    ...state,
    layers: [...state.layers.slice(0, kept), layer],
    ...(all && { baseLayers: 0, baseSize: 0, baseEntries: 0 }),
    history: [
      ...state.history.slice(0, entries),
      ...emptied,
      { created, created_by: 'tsc-pod build', comment },
    ],
  };
}

async function mergedLayer(build: BuildEnvironment, state: StageState, kept: number): Promise<StageLayer> {
  const directories = stageDirectories(build.paths, state); // the topmost first
  const namespace = ownersNamespace(build.host);
  const whole = join(build.directory, `squash-${randomBytes(4).toString('hex')}`);
  const failing = 'cannot make the layers one';
  makeDirectory(whole, 0o755);
  try {
    await enterAndDo(namespace, ['copy-tree', ...directories.toReversed(), whole]);
    const below = kept === 0 ? [] : directories.slice(-kept);
    const job = ['pack-layer', kept === 0 ? '-' : 'whole', whole, ...below];
    const times = clampTimes(build.options);
    const steps = (sink: FileStreamSink) =>
      packSteps(namespace, job, { sink: times ? times(sink) : sink, failing });
    return await storeTar(
      build,
      layerTar(steps, (text) => build.report.notice(text)),
      failing,
    );
  } finally {
    removeTrees([whole]);
  }
}
