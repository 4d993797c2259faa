/** A layer's tar into the store: as a blob, and unpacked. */

import { createHash, randomBytes } from 'node:crypto';
import { createReadStream, mkdirSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { mapPlan } from '../../../rootless/id-map.ts';
import { blobPath, blobSize, hasLayer, removeFile, storeError } from '../../images/layout.ts';
import { enterAndDo } from '../../images/unpack/apply-job.ts';
import { unpackLayer } from '../../images/unpack/unpack.ts';
import { launcherPath } from '../../launcher.ts';
import type { StageLayer } from '../stage-state.ts';
import type { BuildEnvironment } from './step.ts';

const TAR = 'application/vnd.oci.image.layer.v1.tar';

/** True: the layer is there now. False: it has to be unpacked. */
export type Adopt = (diffId: string, size: number) => boolean;

/** `adopt` may bring the layer in another way. `failing` is what the error says. */
export async function storeTar(
  build: BuildEnvironment,
  tar: AsyncIterable<Uint8Array>,
  failing: string,
  adopt: Adopt = () => false,
): Promise<StageLayer> {
  const { paths, host } = build;
  mkdirSync(paths.layers, { recursive: true, mode: 0o700 });
  const aside = join(build.directory, `tar-${randomBytes(8).toString('hex')}`); // goes with the build, if that is killed
  const namespace = { launcher: launcherPath(), maps: mapPlan(host.defaultMaps) };
  try {
    const { diffId, size } = await write(tar, aside);
    if (!hasLayer(paths, diffId) && !adopt(diffId, size))
      await unpackLayer(createReadStream(aside), { layersDir: paths.layers, namespace, diffId, sync: false });
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

async function write(
  tar: AsyncIterable<Uint8Array>,
  aside: string,
): Promise<{ diffId: string; size: number }> {
  const hash = createHash('sha256');
  let size = 0;
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
  return { diffId: `sha256:${hash.digest('hex')}`, size };
}
