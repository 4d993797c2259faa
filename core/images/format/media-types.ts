/** The media types of images: OCI's (image-spec, media-types.md) and Docker's (distribution, schema 2). */

export const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
export const OCI_INDEX = 'application/vnd.oci.image.index.v1+json';
export const OCI_CONFIG = 'application/vnd.oci.image.config.v1+json';
export const DOCKER_MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json';
export const DOCKER_LIST = 'application/vnd.docker.distribution.manifest.list.v2+json';
export const DOCKER_CONFIG = 'application/vnd.docker.container.image.v1+json';
const DOCKER_SCHEMA1 = /^application\/vnd\.docker\.distribution\.manifest\.v1\+(?:json|prettyjws)$/;

export type Compression = 'none' | 'gzip' | 'zstd';

const LAYERS = new Map<string, Compression>([
  ['application/vnd.oci.image.layer.v1.tar', 'none'],
  ['application/vnd.oci.image.layer.v1.tar+gzip', 'gzip'],
  ['application/vnd.oci.image.layer.v1.tar+zstd', 'zstd'],
  ['application/vnd.docker.image.rootfs.diff.tar', 'none'],
  ['application/vnd.docker.image.rootfs.diff.tar.gzip', 'gzip'],
  ['application/vnd.docker.image.rootfs.diff.tar.zstd', 'zstd'],
]);

/** Layers that a registry may not hold, by licence: their content lies elsewhere (Windows base images). */
const FOREIGN =
  /^application\/vnd\.(?:docker\.image\.rootfs\.foreign\.diff|oci\.image\.layer\.nondistributable\.v1)\./;

/** What a manifest request accepts, best first. */
export const ACCEPTED_MANIFESTS = [OCI_MANIFEST, OCI_INDEX, DOCKER_MANIFEST, DOCKER_LIST];

/** How a layer of this media type is packed; undefined for what is no layer that we know. */
export function layerCompression(mediaType: string): Compression | undefined {
  return LAYERS.get(mediaType);
}

export function isForeignLayer(mediaType: string): boolean {
  return FOREIGN.test(mediaType);
}

export function isIndexType(mediaType: string): boolean {
  return mediaType === OCI_INDEX || mediaType === DOCKER_LIST;
}

export function isManifestType(mediaType: string): boolean {
  return mediaType === OCI_MANIFEST || mediaType === DOCKER_MANIFEST;
}

export function isSchema1(mediaType: string): boolean {
  return DOCKER_SCHEMA1.test(mediaType);
}

/** The OCI name of a Docker layer or config type; any other is its own. */
export function ociType(mediaType: string): string {
  if (mediaType === DOCKER_CONFIG) return OCI_CONFIG;
  const compression =
    mediaType.startsWith('application/vnd.docker.image.rootfs.diff.') && LAYERS.get(mediaType);
  if (!compression) return mediaType;
  return `application/vnd.oci.image.layer.v1.tar${compression === 'none' ? '' : `+${compression}`}`;
}

/** The Docker name of an OCI layer type; any other is its own. */
export function dockerType(mediaType: string): string {
  const compression = mediaType.startsWith('application/vnd.oci.image.layer.v1.') && LAYERS.get(mediaType);
  if (!compression) return mediaType;
  return `application/vnd.docker.image.rootfs.diff.tar${compression === 'none' ? '' : `.${compression}`}`;
}
