/** Sending a list with its images: those of the store, and those that are in a registry elsewhere. */

import { rmSync } from 'node:fs';
import { PodError } from '../../error.ts';
import { canonicalName, type ImageReference, parseImageReference, repositoryName } from '../../reference.ts';
import { digestOf } from '../format/digest.ts';
import { invalid } from '../format/json.ts';
import { parseAnyManifest } from '../format/manifest.ts';
import { DOCKER_LIST, DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST } from '../format/media-types.ts';
import type { Descriptor } from '../format/types.ts';
import { listDocument, type ManifestList, type Member } from '../lists/manifest-list.ts';
import { type Place, type PlaceOptions, searchPlaces } from '../pull/places.ts';
import { sideBySide } from '../side-by-side.ts';
import { copyBlob } from './copy-blob.ts';
import type { ImageDestination } from './destination.ts';
import { type SendOptions, type SentImage, sendImage } from './send-image.ts';

export interface ListOptions extends Omit<SendOptions, 'byDigest' | 'platform'> {
  /** The list with its images, which otherwise have to be there. */
  readonly all: boolean;
  /** How a member is read that is elsewhere. */
  readonly places: (source: ImageReference) => PlaceOptions;
}

/**
 * Sends a list. Its bytes are the stored ones unless a format or a compression is asked for. Neither commits nor closes
 * the destination. Throws PodErrors: the destination's and the sources' own.
 */
export async function sendList(
  list: ManifestList,
  destination: ImageDestination,
  options: ListOptions,
): Promise<SentImage> {
  const sent: Descriptor[] = [];
  for (const member of list.members) {
    sent.push(options.all ? await sendMember(member, destination, options) : member.descriptor);
  }
  const mediaType = options.format === 'docker' ? DOCKER_LIST : OCI_INDEX;
  const same =
    mediaType === (list.index.mediaType ?? OCI_INDEX) &&
    list.members.every(({ descriptor }, at) => descriptor.digest === sent[at]!.digest);
  const bytes = same ? list.bytes : listDocument(mediaType, sent, list.index.annotations);
  await destination.putManifest(bytes, mediaType);
  const members = sent.map(({ digest }) => digest);
  return { digest: digestOf(bytes), size: bytes.length, mediaType, members };
}

async function sendMember(
  { descriptor, source }: Member,
  destination: ImageDestination,
  options: ListOptions,
): Promise<Descriptor> {
  if (source !== undefined) {
    await copyMember(descriptor, parseImageReference(source), destination, options);
    return descriptor;
  }
  const { digest, size, mediaType } = await sendImage(descriptor, destination, {
    ...options,
    byDigest: true,
  });
  return { ...descriptor, digest, size, mediaType };
}

/** What is elsewhere stays what it is: its digest is all that the list knows. */
async function copyMember(
  descriptor: Descriptor,
  source: ImageReference,
  destination: ImageDestination,
  options: ListOptions,
): Promise<void> {
  const { format, compressionFormat, forceCompression } = options;
  const wanted =
    format === 'docker' ? DOCKER_MANIFEST : format === 'oci' ? OCI_MANIFEST : descriptor.mediaType;
  if (wanted !== descriptor.mediaType || compressionFormat !== undefined || forceCompression)
    throw new PodError({
      code: 'unsupported',
      message: `cannot change ${canonicalName(source)} on its way`,
      why: 'that image of the list is not in the store',
      hint: `tsc-pod pull ${canonicalName(source)}   # then add it again`,
    });
  await searchPlaces(source, 'copy', options.places(source), (place) =>
    copyFrom(place, descriptor, destination, options),
  );
}

async function copyFrom(
  { client, name }: Place,
  { digest, mediaType, size }: Descriptor,
  destination: ImageDestination,
  { paths, signal, onProgress }: ListOptions,
): Promise<void> {
  const what = `image ${canonicalName(name)}`;
  const { bytes } = await client.manifest(digest);
  if (bytes.length !== size) throw invalid(what, 'it has not the size that the list tells');
  const parsed = parseAnyManifest(bytes, mediaType, what);
  if (parsed.kind !== 'manifest') throw invalid(what, 'the list has a list in it');
  const { config, layers } = parsed.manifest;
  const blobs = new Map([config, ...layers].map((blob) => [blob.digest, blob]));
  await sideBySide([...blobs.values()], destination.atOnce, signal, async (blob, signal) => {
    const of = blob === config ? 'config' : 'layer';
    const report = (kind: 'pushing' | 'pushed' | 'exists' | 'mounted', current: number): void =>
      onProgress?.({ of, digest: blob.digest, kind, current, total: blob.size });
    const present = await destination.hasBlob(blob, { repositories: () => [repositoryName(name)] });
    if (present !== undefined) return report(present.kind, blob.size);
    const content = await copyBlob(client, blob, paths, signal);
    try {
      await destination.putBlob(blob, content, { signal, onProgress: (sent) => report('pushing', sent) });
      report('pushed', blob.size);
    } finally {
      rmSync(content.path, { force: true });
    }
  });
  await destination.putManifest(bytes, mediaType, digest);
}
