/** `commit`: an image of a container as it is now. Its files become one layer over those of its image. */

import { PodError } from '../../error.ts';
import { resolveImage } from '../../images/find.ts';
import type { ImageRecord } from '../../images/format/types.ts';
import { manifestOf, newImageName } from '../../images/new-image.ts';
import { putImage } from '../../images/store.ts';
import type { PlaceParts } from '../copy/place.ts';
import { emitContainerEvent } from '../events.ts';
import { pauseContainer, resumeContainer } from '../pause.ts';
import { containerState } from '../state.ts';
import { readSpec } from '../store.ts';
import { type CommitWords, commitConfig } from './commit-config.ts';
import { storeLayer } from './commit-layer.ts';

export interface CommitOptions extends CommitWords {
  /** What to call it; undefined: nothing. */
  name: string | undefined;
  format: 'oci' | 'docker';
  /** Its processes stand still meanwhile. */
  pause: boolean;
  /** One layer with everything, over none. */
  squash: boolean;
}

/** Gives the new image. Throws PodError `not-found` when the container's own image is gone. */
export async function commitContainer(
  parts: PlaceParts,
  options: CommitOptions,
  notice: (text: string) => void,
): Promise<ImageRecord> {
  const { paths, record } = parts;
  const base = resolveImage(paths, record.image.id);
  const spec = readSpec(paths, record.id);
  if (!base || !spec) {
    throw new PodError({
      code: 'not-found',
      message: `cannot commit ${record.name}`,
      why: base ? 'it was removed' : `its image ${record.image.name} was removed`,
      ...(!base && { hint: `tsc-pod export ${record.name} > files.tar   # its files are there still` }),
    });
  }
  const name = options.name === undefined ? undefined : newImageName(options.name);
  const docker = options.format === 'docker';
  const { squash } = options;
  const config = (diffId: string) =>
    commitConfig({ record, spec, base: base.config, diffId, squash, docker }, options);
  config(`sha256:${'0'.repeat(64)}`); // what is wrong with --change is told before the work
  const { blob, layer } = await whilePaused(parts, options.pause, () => storeLayer(parts, squash, notice));
  const bytes = Buffer.from(JSON.stringify(config(layer.diffId)));
  const layers = squash ? [blob] : [...base.layers, blob];
  const image = await putImage(paths, {
    name,
    config: bytes,
    manifest: manifestOf(layers, bytes, docker),
    unpackedSize: squash ? layer.size : base.size + layer.size,
  });
  if (image) {
    emitContainerEvent(paths, record, 'commit', {
      comment: options.message,
      imageID: image.id,
      imageRef: name,
    });
    return image;
  }
  throw new PodError({
    code: 'conflict',
    message: `cannot commit ${record.name}`,
    why: 'layers of its image were removed meanwhile',
  });
}

async function whilePaused<T>(
  { paths, host, record }: PlaceParts,
  wanted: boolean,
  work: () => Promise<T>,
): Promise<T> {
  if (!wanted || containerState(paths, record).status !== 'running') return work();
  await pauseContainer(paths, record, host.cgroups);
  try {
    return await work();
  } finally {
    resumeContainer(paths, record);
  }
}
