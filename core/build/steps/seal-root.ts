/**
 * What a step has written becomes a layer: its tar is written into the store's blobs, and the directory itself is renamed
 * to be the unpacked layer, where it is what the tar says word for word. Else the tar is unpacked.
 */

import { randomBytes } from 'node:crypto';
import { createReadStream, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { FileStreamSink } from '../../../rootless/file-stream.ts';
import { mapPlan } from '../../../rootless/id-map.ts';
import { layerTar } from '../../container/commit/commit-layer.ts';
import { packSteps } from '../../container/copy/pack-job.ts';
import { identify } from '../../container/process-identity.ts';
import { layerDirectories } from '../../container/root.ts';
import { writtenLayer } from '../../container/written-layer.ts';
import { errnoOf } from '../../error.ts';
import { blobPath, blobSize, hasLayer, layerPath, removeFile, storeError } from '../../images/layout.ts';
import { enterAndDo, type Namespace } from '../../images/unpack/apply-job.ts';
import { unpackLayer } from '../../images/unpack/unpack.ts';
import { launcherPath } from '../../launcher.ts';
import type { StageLayer } from '../stage-state.ts';
import { clampTimes } from './clamp-times.ts';
import { type DraftRoot, upperOf } from './draft-root.ts';
import type { BuildEnvironment } from './step.ts';

const TAR = 'application/vnd.oci.image.layer.v1.tar';

/** Seals the root: nothing may have it mounted any more. `failing`: "cannot store the files of RUN make". */
export async function sealRoot(
  build: BuildEnvironment,
  root: DraftRoot,
  failing: string,
): Promise<StageLayer> {
  const { paths, host } = build;
  for (const path of [paths.partial, paths.layers]) mkdirSync(path, { recursive: true, mode: 0o700 });
  const aside = join(paths.partial, `aside-${randomBytes(8).toString('hex')}`);
  const namespace: Namespace = { launcher: launcherPath(), maps: mapPlan(host.defaultMaps) };
  try {
    const { diffId, size, verbatim } = await writeTar(build, root, aside, failing);
    if (!hasLayer(paths, diffId)) {
      if (verbatim) adopt(build, root, diffId, size);
      else await unpackLayer(createReadStream(aside), { layersDir: paths.layers, namespace, diffId });
    }
    if (blobSize(paths, diffId) === size) removeFile(aside);
    else {
      const target = blobPath(paths, diffId);
      mkdirSync(dirname(target), { recursive: true, mode: 0o700 });
      await rename(aside, target);
    }
    build.later(enterAndDo({ launcher: namespace.launcher, maps: [] }, ['sync', paths.layers]));
    return { diffId, blob: { mediaType: TAR, digest: diffId, size }, size };
  } catch (error) {
    removeFile(aside);
    throw storeError(error, failing);
  }
}

interface WrittenTar {
  readonly diffId: string;
  readonly size: number;
  /** The directory is what the tar says. */
  readonly verbatim: boolean;
}

async function writeTar(
  build: BuildEnvironment,
  root: DraftRoot,
  aside: string,
  failing: string,
): Promise<WrittenTar> {
  const { createHash } = await import('node:crypto');
  const hash = createHash('sha256');
  const times = clampTimes(build.options);
  let verbatim = root.record.driver === 'overlay' && times === undefined;
  let size = 0;
  const tar = layerTar(
    (sink) => stepsOf(build, root, times ? times(sink) : sink, failing),
    (text) => {
      verbatim = false;
      build.report.notice(text);
    },
  );
  const file = await open(aside, 'wx', 0o644);
  try {
    for await (const bytes of tar) {
      if (bytes.length === 0) continue;
      hash.update(bytes);
      for (let at = 0; at < bytes.length; ) at += (await file.write(bytes, at)).bytesWritten;
      size += bytes.length;
    }
  } finally {
    await file.close();
  }
  return { diffId: `sha256:${hash.digest('hex')}`, size, verbatim };
}

function stepsOf(build: BuildEnvironment, root: DraftRoot, sink: FileStreamSink, failing: string) {
  const { paths, host } = build;
  if (root.record.driver !== 'overlay') {
    const layer = writtenLayer({ paths, host, record: root.record }, false);
    return packSteps(layer.namespace, layer.job, { sink: layer.sink(sink), failing });
  }
  const namespace = {
    launcher: launcherPath(),
    maps: [...mapPlan(host.defaultMaps), ['namespace', 'user']],
  };
  const lowers = layerDirectories(paths, root.record.layers);
  return packSteps(namespace, ['pack-layer', 'settle', upperOf(root), ...lowers], { sink, failing });
}

/** As unpack.ts makes a layer: aside, then renamed. Who is second to make it lets it be. */
function adopt({ paths }: BuildEnvironment, root: DraftRoot, diffId: string, size: number): void {
  const { pid, start } = identify(process.pid);
  const aside = join(paths.layers, `tmp.${pid}.${start}.${randomBytes(6).toString('hex')}`);
  mkdirSync(aside, { mode: 0o700 });
  renameSync(upperOf(root), join(aside, 'fs'));
  writeFileSync(join(aside, 'size'), String(size));
  try {
    renameSync(aside, layerPath(paths, diffId));
  } catch (error) {
    const taken = errnoOf(error) === 'ENOTEMPTY' || errnoOf(error) === 'EEXIST';
    if (!taken) throw error;
    renameSync(aside, join(root.directory, 'second'));
  }
}
