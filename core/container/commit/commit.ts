/** `commit`: an image of a container as it is now. Its files become one layer over those of its image. */

import { PodError } from '../../error.ts';
import { digestOf } from '../../images/digest.ts';
import { resolveImage } from '../../images/find.ts';
import {
  DOCKER_CONFIG,
  DOCKER_MANIFEST,
  dockerType,
  OCI_CONFIG,
  OCI_MANIFEST,
  ociType,
} from '../../images/media-types.ts';
import { putImage } from '../../images/store.ts';
import type { Descriptor, ImageRecord, Manifest } from '../../images/types.ts';
import { canonicalName, parseImageReference, withRepository } from '../../reference.ts';
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

const LAYER = 'application/vnd.oci.image.layer.v1.tar';

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
  const name = options.name === undefined ? undefined : imageName(options.name);
  const docker = options.format === 'docker';
  const { squash } = options;
  const config = (diffId: string) =>
    commitConfig({ record, spec, base: base.config, diffId, squash, docker }, options);
  config(`sha256:${'0'.repeat(64)}`); // what is wrong with --change is told before the work
  const layer = await whilePaused(parts, options.pause, () => storeLayer(parts, squash, notice));
  const bytes = Buffer.from(JSON.stringify(config(layer.diffId)));
  const own: Descriptor = { mediaType: LAYER, digest: layer.diffId, size: layer.size };
  const layers = squash ? [own] : [...base.layers, own];
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

function manifestOf(
  layers: readonly Descriptor[],
  config: Buffer,
  docker: boolean,
): { bytes: Uint8Array; mediaType: string } {
  const mediaType = docker ? DOCKER_MANIFEST : OCI_MANIFEST;
  const typed = docker ? dockerType : ociType;
  const manifest: Manifest = {
    schemaVersion: 2,
    mediaType,
    config: {
      mediaType: docker ? DOCKER_CONFIG : OCI_CONFIG,
      digest: digestOf(config),
      size: config.length,
    },
    layers: layers.map(({ mediaType: type, digest, size }) => ({ mediaType: typed(type), digest, size })),
  };
  return { bytes: Buffer.from(JSON.stringify(manifest)), mediaType };
}

/** A name without a registry is of this machine, as podman has it. */
function imageName(text: string): string {
  const reference = parseImageReference(text);
  if (reference.digest !== undefined)
    throw new PodError({
      code: 'usage',
      message: `cannot call an image ${text}`,
      why: 'a tag has no digest',
    });
  const { shortName } = reference;
  return canonicalName(
    shortName === undefined ? reference : withRepository(reference, `localhost/${shortName}`),
  );
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
