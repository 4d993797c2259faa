/** A manifest in the other family of media types: OCI's (image-spec, manifest.md) or Docker's (schema 2). */

import {
  DOCKER_CONFIG,
  DOCKER_MANIFEST,
  dockerType,
  OCI_CONFIG,
  OCI_MANIFEST,
  ociType,
} from '../format/media-types.ts';
import type { Descriptor, Manifest } from '../format/types.ts';

export function inOciTypes(manifest: Manifest): Manifest {
  const rename = (descriptor: Descriptor): Descriptor => ({
    ...descriptor,
    mediaType: ociType(descriptor.mediaType),
  });
  return {
    ...manifest,
    mediaType: OCI_MANIFEST,
    config: rename(manifest.config),
    layers: manifest.layers.map(rename),
  };
}

/** Docker's schema knows neither annotations nor subjects: they are left out. */
export function inDockerTypes({ config, layers }: Manifest): Manifest {
  const bare = ({ digest, size }: Descriptor, mediaType: string): Descriptor => ({ mediaType, size, digest });
  const configType = config.mediaType === OCI_CONFIG ? DOCKER_CONFIG : config.mediaType;
  return {
    schemaVersion: 2,
    mediaType: DOCKER_MANIFEST,
    config: bare(config, configType),
    layers: layers.map((layer) => bare(layer, dockerType(layer.mediaType))),
  };
}
