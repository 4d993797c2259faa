/** What an image that is made here has beside its layers: a manifest and a name. */

import { PodError } from '../error.ts';
import { canonicalName, parseImageReference, withRepository } from '../reference.ts';
import { digestOf } from './format/digest.ts';
import {
  DOCKER_CONFIG,
  DOCKER_MANIFEST,
  dockerType,
  OCI_CONFIG,
  OCI_MANIFEST,
  ociType,
} from './format/media-types.ts';
import type { Descriptor, ExecutionConfig, Manifest } from './format/types.ts';

/** A config without what is empty: config.md has all of it optional. */
export function withoutEmpty(config: ExecutionConfig): ExecutionConfig {
  const isEmpty = (value: unknown): boolean =>
    value == null || value === '' || (typeof value === 'object' && Object.keys(value).length === 0);
  return Object.fromEntries(Object.entries(config).filter(([, value]) => !isEmpty(value)));
}

/** The manifest of an image that is made here. */
export function manifestOf(
  layers: readonly Descriptor[],
  config: Buffer,
  docker: boolean,
  annotations: Record<string, string> = {},
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
    // Docker's schema 2 has none.
    ...(!docker && Object.keys(annotations).length > 0 && { annotations }),
  };
  return { bytes: Buffer.from(JSON.stringify(manifest)), mediaType };
}

/** A name without a registry is of this machine, as podman has it. */
export function newImageName(text: string): string {
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
