/**
 * What a step has written becomes a layer: its tar goes into the store, and the directory itself is renamed to be the
 * unpacked layer, where it is what the tar says word for word.
 */

import { randomBytes } from 'node:crypto';
import { mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import type { FileStreamSink } from '../../../rootless/file-stream.ts';
import { layerTar } from '../../container/commit/commit-layer.ts';
import { packSteps } from '../../container/copy/pack-job.ts';
import { ownersNamespace } from '../../container/copy/place.ts';
import { identify } from '../../container/process-identity.ts';
import { layerDirectories } from '../../container/root.ts';
import { writtenLayer } from '../../container/written-layer.ts';
import { errnoOf } from '../../error.ts';
import { layerPath } from '../../images/layout.ts';
import { writeFile } from '../../write-file.ts';
import type { StageLayer } from '../stage-state.ts';
import { clampTimes } from './clamp-times.ts';
import { type DraftRoot, upperOf } from './draft-root.ts';
import type { BuildEnvironment } from './step.ts';
import { storeTar } from './store-tar.ts';

/** Seals the root: nothing may have it mounted any more. `failing`: "cannot store the files of RUN make". */
export function sealRoot(build: BuildEnvironment, root: DraftRoot, failing: string): Promise<StageLayer> {
  const times = clampTimes(build.options);
  let verbatim = root.record.driver === 'overlay' && times === undefined;
  const tar = layerTar(
    (sink) => stepsOf(build, root, withoutTop(times ? times(sink) : sink), failing),
    (text) => {
      verbatim = false; // something isn't in the tar
      build.report.notice(text);
    },
  );
  return storeTar(build, tar, failing, (diffId, size) => {
    if (verbatim) adopt(build, root, diffId, size);
    return verbatim;
  });
}

/** The root itself is none of a step's files: docker's layers don't tell of it. */
function withoutTop(sink: FileStreamSink): FileStreamSink {
  return { ...sink, entry: (entry) => void (entry.path !== '' && sink.entry(entry)) };
}

function stepsOf(build: BuildEnvironment, root: DraftRoot, sink: FileStreamSink, failing: string) {
  const { paths, host } = build;
  if (root.record.driver !== 'overlay') {
    const layer = writtenLayer({ paths, host, record: root.record }, false);
    return packSteps(layer.namespace, layer.job, { sink: layer.sink(sink), failing });
  }
  const lowers = layerDirectories(paths, root.record.layers);
  return packSteps(ownersNamespace(host), ['pack-layer', 'settle', upperOf(root), ...lowers], {
    sink,
    failing,
  });
}

/** As unpack.ts makes a layer: aside, then renamed. Who is second to make it lets it be. */
function adopt({ paths }: BuildEnvironment, root: DraftRoot, diffId: string, size: number): void {
  const { pid, start } = identify(process.pid);
  const aside = join(paths.layers, `tmp.${pid}.${start}.${randomBytes(6).toString('hex')}`);
  mkdirSync(aside, { mode: 0o700 });
  renameSync(upperOf(root), join(aside, 'fs'));
  writeFile(join(aside, 'size'), String(size));
  try {
    renameSync(aside, layerPath(paths, diffId));
  } catch (error) {
    if (errnoOf(error) !== 'ENOTEMPTY' && errnoOf(error) !== 'EEXIST') throw error;
    renameSync(aside, join(root.directory, 'second'));
  }
}
