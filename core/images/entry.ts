/** Entries of the layout's index: which image, under which name, and what is kept about it beside the standard. */

import { PodError } from '../error.ts';
import type { Paths } from '../paths.ts';
import { choosePlatform, formatPlatform, hostPlatform, offerHint, type Platform } from '../platform.ts';
import { printable } from '../reference.ts';
import { parseDigest } from './format/digest.ts';
import { parseImageConfig } from './format/image-config.ts';
import { invalid } from './format/json.ts';
import { parseAnyManifest } from './format/manifest.ts';
import { DOCKER_MANIFEST, isIndexType } from './format/media-types.ts';
import type { Descriptor, ImageRecord, Manifest } from './format/types.ts';
import { blobSize, ofStore, REF_NAME, readBlob } from './layout.ts';

/**
 * Our annotations, beside REF_NAME: what a listing needs, so that it reads the index alone. Those of an image follow from
 * the blob that the entry names: entries of others lack them.
 */
export const KEPT = {
  /** The image's id: hex digits of its config's digest. A list keeps the id that it was made with. */
  id: 'tsc-pod.id',
  /** RFC 3339, as the config says; empty when it doesn't. */
  created: 'tsc-pod.created',
  /** Bytes of the unpacked layers. */
  size: 'tsc-pod.size',
  /** Digest of the Docker manifest that the entry's OCI manifest was made from. */
  manifest: 'tsc-pod.manifest',
  /** Digest of the list that the manifest was chosen from. */
  list: 'tsc-pod.list',
  /** Of a nameless image for another machine: the name that it was fetched as, newest first in the index. */
  from: 'tsc-pod.from',
  /** Of a list: where members are that are not in the store: `sha256:…=docker://…`, separated by spaces. */
  sources: 'tsc-pod.sources',
} as const;

/** Whether an entry is a list of images for several platforms. */
export function isList(entry: Descriptor): boolean {
  return isIndexType(entry.mediaType);
}

export function nameOf(entry: Descriptor): string | undefined {
  return entry.annotations?.[REF_NAME];
}

/** The id of an entry's image or list. Reads the manifest where the entry of an image doesn't tell. */
export function idOf(paths: Pick<Paths, 'images'>, entry: Descriptor): string {
  const kept = entry.annotations?.[KEPT.id];
  if (kept !== undefined && /^[a-f0-9]{64,128}$/.test(kept)) return kept;
  if (isList(entry)) return parseDigest(entry.digest, 'a list').hex;
  return parseDigest(readManifestOf(paths, entry).manifest.config.digest, 'a config').hex;
}

/**
 * The manifest that an entry leads to: of a list, the member for `platform`, this machine's unless told. PodError
 * `not-found` where it has none, or the member isn't in the store.
 */
export function readManifestOf(
  paths: Pick<Paths, 'images'>,
  entry: Descriptor,
  platform: Platform = hostPlatform(),
): { manifest: Manifest; mediaType: string; digest: string } {
  const what = `image ${nameOf(entry) ?? entry.digest}`;
  const parsed = ofStore(() => {
    const parsed = parseAnyManifest(readBlob(paths, entry.digest), entry.mediaType, what);
    if (parsed.kind === 'index' && !isList(entry)) throw invalid(what, 'there is a list in its place');
    return parsed;
  });
  if (parsed.kind === 'manifest') return { ...parsed, digest: entry.digest };
  const members = parsed.index.manifests.filter(({ mediaType }) => !isIndexType(mediaType));
  const told = members.some((member) => member.platform !== undefined);
  const chosen = choosePlatform(members, platform) ?? (told ? undefined : members[0]);
  if (chosen === undefined) throw notInList(entry, members, platform);
  if (blobSize(paths, chosen.digest) === undefined) throw memberElsewhere(entry, chosen);
  return readManifestOf(paths, { ...chosen, ...(entry.annotations && { annotations: entry.annotations }) });
}

function notInList(entry: Descriptor, members: readonly Descriptor[], platform: Platform): PodError {
  return new PodError({
    code: 'not-found',
    message: `no image for ${formatPlatform(platform)} in list ${nameOf(entry) ?? entry.digest}`,
    hint: offerHint(members),
  });
}

function memberElsewhere(entry: Descriptor, { digest }: Descriptor): PodError {
  const source = sourcesOf(entry).get(digest);
  return new PodError({
    code: 'not-found',
    message: `the image of list ${nameOf(entry) ?? entry.digest} is not here`,
    why: `the list names ${digest} only`,
    ...(source !== undefined && { hint: `tsc-pod pull ${printable(source, 300)}` }),
  });
}

/** Where the members of a list are that the store has only the digests of: "docker://…" by digest. */
export function sourcesOf(entry: Descriptor): Map<string, string> {
  const words = (entry.annotations?.[KEPT.sources] ?? '').split(' ').filter((word) => word !== '');
  return new Map(
    words.map((word) => [word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1)] as const),
  );
}

/** Annotations of a list's entry with the sources of its members. */
export function withSources(
  annotations: Readonly<Record<string, string>>,
  members: readonly { descriptor: Descriptor; source?: string | undefined }[],
): Record<string, string> {
  const words = members.flatMap(({ descriptor, source }) =>
    source ? [`${descriptor.digest}=${source}`] : [],
  );
  const { [KEPT.sources]: _, ...rest } = annotations;
  return words.length > 0 ? { ...rest, [KEPT.sources]: words.join(' ') } : rest;
}

/** Everything about an entry's image. `names` are all names of the same image. */
export function readRecord(
  paths: Pick<Paths, 'images'>,
  entry: Descriptor,
  names: string[],
  platform?: Platform,
): ImageRecord {
  const { manifest, mediaType, digest } = readManifestOf(paths, entry, platform);
  const what = `image ${names[0] ?? digest}`;
  const config = ofStore(() => parseImageConfig(readBlob(paths, manifest.config.digest), what));
  const kept = isList(entry) ? { [KEPT.list]: entry.digest } : (entry.annotations ?? {});
  const stored = manifest.layers.reduce((sum, layer) => sum + layer.size, 0);
  const { os, architecture, variant } = config;
  return {
    id: parseDigest(manifest.config.digest, 'a config').hex,
    names,
    digest: kept[KEPT.manifest] ?? digest,
    listDigest: kept[KEPT.list],
    mediaType: kept[KEPT.manifest] === undefined ? mediaType : DOCKER_MANIFEST,
    created: config.created,
    size: Number(kept[KEPT.size] ?? stored),
    platform: variant ? { os, architecture, variant } : { os, architecture },
    config,
    diffIds: config.rootfs.diff_ids,
    layers: manifest.layers.map((layer) => ({
      digest: layer.digest,
      size: layer.size,
      mediaType: layer.mediaType,
    })),
  };
}
