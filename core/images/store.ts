/** Changing the store: an image is put in as the last step of getting it. */

import { PodError } from '../error.ts';
import { KEPT, readRecord } from './entry.ts';
import { namesOf } from './find.ts';
import { digestOf, parseDigest } from './format/digest.ts';
import { parseImageConfig } from './format/image-config.ts';
import { parseAnyManifest } from './format/manifest.ts';
import { DOCKER_MANIFEST, OCI_MANIFEST } from './format/media-types.ts';
import type { Descriptor, ImageRecord } from './format/types.ts';
import { withEntry } from './index-entries.ts';
import { blobSize, hasLayer, REF_NAME, type StorePaths, updateIndex, writeBlob } from './layout.ts';
import { inOciTypes } from './push/convert-manifest.ts';

/** An image whose layer blobs and unpacked layers lie in the store already. */
export interface NewImage {
  /** Canonical name; undefined for an image without one. */
  readonly name: string | undefined;
  /** Of one without a name: the one by which `resolveNameless` finds it. */
  readonly from?: string | undefined;
  readonly manifest: { readonly bytes: Uint8Array; readonly mediaType: string };
  readonly config: Uint8Array;
  /** Digest of the list that the manifest was chosen from. */
  readonly listDigest?: string | undefined;
  /** Bytes of the unpacked layers; summed up from their blobs where undefined. */
  readonly unpackedSize?: number | undefined;
}

/**
 * Makes an image visible under its name: the last step of a pull, build or load. Undefined when a layer or blob is
 * not there (any more): get it again. An image that had the name before stays, nameless.
 */
export async function putImage(paths: StorePaths, image: NewImage): Promise<ImageRecord | undefined> {
  const { entry, blobs, layerBlobs, diffIds } = prepare(image);
  return updateIndex(paths, (index) => {
    const complete =
      layerBlobs.every((blob) => blobSize(paths, blob.digest) === blob.size) &&
      diffIds.every((diffId) => hasLayer(paths, diffId));
    if (!complete) return { result: undefined };
    for (const [digest, bytes] of blobs) writeBlob(paths, digest, bytes);
    const changed = withEntry(index, entry);
    const names = namesOf(changed.manifests.filter((other) => other.digest === entry.digest));
    return { index: changed, result: readRecord(paths, entry, names) };
  });
}

/** What goes into the store for an image: a Docker manifest is kept, beside one in OCI's types that others can read. */
function prepare(image: NewImage): {
  entry: Descriptor;
  blobs: [string, Uint8Array][];
  layerBlobs: Descriptor[];
  diffIds: string[];
} {
  const what = `image ${image.name ?? digestOf(image.manifest.bytes)}`;
  const parsed = parseAnyManifest(image.manifest.bytes, image.manifest.mediaType, what);
  if (parsed.kind !== 'manifest') throw new PodError({ code: 'invalid', message: `cannot store ${what}` });
  const { manifest, mediaType } = parsed;
  const { rootfs, created = '' } = parseImageConfig(image.config, what);
  const { diff_ids: diffIds } = rootfs;
  const packedSize = manifest.layers.reduce((sum, layer) => sum + layer.size, 0);
  const original = digestOf(image.manifest.bytes);
  const blobs: [string, Uint8Array][] = [
    [manifest.config.digest, image.config],
    [original, image.manifest.bytes],
  ];
  const annotations: Record<string, string> = {
    [KEPT.id]: parseDigest(manifest.config.digest, what).hex,
    [KEPT.created]: created,
    [KEPT.size]: String(image.unpackedSize ?? packedSize),
  };
  if (image.name !== undefined) annotations[REF_NAME] = image.name;
  if (image.from !== undefined) annotations[KEPT.from] = image.from;
  if (image.listDigest !== undefined) annotations[KEPT.list] = image.listDigest;
  let stored = image.manifest.bytes;
  if (mediaType === DOCKER_MANIFEST) {
    annotations[KEPT.manifest] = original;
    stored = Buffer.from(JSON.stringify(inOciTypes(manifest)));
    blobs.push([digestOf(stored), stored]);
  }
  const entry: Descriptor = {
    mediaType: OCI_MANIFEST,
    digest: digestOf(stored),
    size: stored.length,
    annotations,
  };
  return { entry, blobs, layerBlobs: manifest.layers, diffIds };
}
