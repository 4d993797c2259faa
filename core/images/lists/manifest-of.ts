/** A manifest or list as it is, wherever it is: what `manifest inspect` shows. */

import { canonicalName, parseImageReference, printable } from '../../reference.ts';
import { isList, readRecord, sourcesOf } from '../entry.ts';
import { findEntry } from '../find.ts';
import { type AnyManifest, parseAnyManifest } from '../format/manifest.ts';
import type { Descriptor } from '../format/types.ts';
import { blobSize, readBlob, readIndex, type StorePaths } from '../layout.ts';
import { type PlaceOptions, searchPlaces } from '../pull/places.ts';

export interface FoundManifest {
  /** Where it is: a full name with tag or digest. */
  readonly ref: string;
  readonly descriptor: Descriptor;
  readonly bytes: Buffer;
  readonly parsed: AnyManifest;
}

/** A list of the store, an image of the store by its id, else what a registry has under the name. */
export async function findManifest(
  paths: Pick<StorePaths, 'images'>,
  text: string,
  options: PlaceOptions,
): Promise<FoundManifest> {
  const entry = text.startsWith('docker://') ? undefined : findEntry(paths, readIndex(paths), text);
  if (entry !== undefined && isList(entry)) return local(paths, text, entry);
  if (entry !== undefined && /^(?:sha256:)?[a-f0-9]+$/.test(text)) {
    const { digest, mediaType } = readRecord(paths, entry, []);
    return local(paths, text, { mediaType, digest, size: blobSize(paths, digest) ?? 0 });
  }
  return remote(text, options);
}

function local(paths: Pick<StorePaths, 'images'>, ref: string, descriptor: Descriptor): FoundManifest {
  const bytes = readBlob(paths, descriptor.digest);
  return { ref, descriptor, bytes, parsed: parseAnyManifest(bytes, descriptor.mediaType, `image ${ref}`) };
}

function remote(text: string, options: PlaceOptions): Promise<FoundManifest> {
  return searchPlaces(parseImageReference(text), 'inspect', options, async ({ client, endpoint, name }) => {
    const { digest: wanted, tag } = endpoint.reference;
    const { bytes, mediaType, digest } = await client.manifest(wanted ?? tag ?? 'latest');
    const ref = canonicalName(name);
    const parsed = parseAnyManifest(bytes, mediaType, `image ${ref}`);
    return { ref, descriptor: { mediaType: parsed.mediaType, digest, size: bytes.length }, bytes, parsed };
  });
}

/** The manifests of a list; of a manifest, itself. */
export async function manifestsWithin(
  paths: Pick<StorePaths, 'images'>,
  found: FoundManifest,
  options: PlaceOptions,
): Promise<FoundManifest[]> {
  if (found.parsed.kind === 'manifest') return [found];
  const sources = sourcesOf(found.descriptor);
  const within: FoundManifest[] = [];
  for (const member of found.parsed.index.manifests) {
    const { digest } = member;
    const ref =
      sources.get(digest)?.replace('docker://', '') ?? `${found.ref.replace(/[:@][^/]*$/, '')}@${digest}`;
    const here = blobSize(paths, digest) === member.size;
    const one = here ? local(paths, ref, member) : await remote(printable(ref, 1000), options);
    within.push({ ...one, ref, descriptor: member });
  }
  return within;
}
