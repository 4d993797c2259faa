/** All that the store has, as the index alone tells it: a listing of 500 images reads one file. */

import type { Paths } from '../paths.ts';
import { idOf, isList, KEPT, nameOf, readRecord } from './entry.ts';
import { invalid } from './format/json.ts';
import { parseAnyManifest } from './format/manifest.ts';
import { DOCKER_MANIFEST } from './format/media-types.ts';
import type { Descriptor, ImageRecord } from './format/types.ts';
import { blobSize, ofStore, readBlob, readIndex } from './layout.ts';

type Images = Pick<Paths, 'images'>;

/** An image, or a list of images for several platforms. */
export interface StoredImage {
  readonly kind: 'image' | 'list';
  /** Hex digits. */
  readonly id: string;
  /** Canonical names; none for what is dangling. */
  readonly names: readonly string[];
  /** Digest of the manifest as the registry has it. */
  readonly digest: string;
  readonly mediaType: string;
  /** RFC 3339; undefined where the config doesn't say. */
  readonly created: string | undefined;
  /** Bytes of the unpacked layers; of a list, of its own document. */
  readonly size: number;
  /** The first of its entries. */
  readonly entry: Descriptor;
}

/** Each once, in the order of the index. Entries that other tools made are looked at in full. */
export function listStored(paths: Images): StoredImage[] {
  const groups = new Map<string, Descriptor[]>();
  for (const entry of readIndex(paths).manifests) {
    const id = idOf(paths, entry);
    const group = groups.get(id);
    if (group === undefined) groups.set(id, [entry]);
    else group.push(entry);
  }
  return [...groups].map(([id, entries]) => stored(paths, id, entries));
}

function stored(paths: Images, id: string, entries: readonly Descriptor[]): StoredImage {
  const [entry] = entries as [Descriptor];
  const { annotations = {} } = entry;
  const names = entries.map(nameOf).filter((name) => name !== undefined);
  const created = annotations[KEPT.created];
  const size = annotations[KEPT.size];
  if (isList(entry)) {
    const { digest, mediaType } = entry;
    return {
      kind: 'list',
      id,
      names,
      digest,
      mediaType,
      created: created || undefined,
      size: entry.size,
      entry,
    };
  }
  if (created === undefined || size === undefined) {
    const { digest, mediaType, created, size } = readRecord(paths, entry, names);
    return { kind: 'image', id, names, digest, mediaType, created, size, entry };
  }
  const original = annotations[KEPT.manifest];
  return {
    kind: 'image',
    id,
    names,
    digest: original ?? entry.digest,
    mediaType: original === undefined ? entry.mediaType : DOCKER_MANIFEST,
    created: created || undefined,
    size: Number(size),
    entry,
  };
}

/** Every image in full, once each; lists are none. */
export function listImages(paths: Images): ImageRecord[] {
  return listStored(paths).flatMap((image) =>
    image.kind === 'image' ? readRecord(paths, image.entry, [...image.names]) : [],
  );
}

/** Ids of the images that an entry leads to: its own, or those of a list's members that are in the store. */
export function imagesWithin(paths: Images, entry: Descriptor): string[] {
  if (!isList(entry)) return [idOf(paths, entry)];
  return listMembers(paths, entry).flatMap((member) =>
    isList(member) || blobSize(paths, member.digest) === undefined ? [] : idOf(paths, member),
  );
}

/** The members of a list, in its order. */
export function listMembers(paths: Images, entry: Descriptor): Descriptor[] {
  const what = `list ${nameOf(entry) ?? entry.digest}`;
  const parsed = ofStore(() => parseAnyManifest(readBlob(paths, entry.digest), entry.mediaType, what));
  if (parsed.kind !== 'index') throw invalid(what, 'it is an image');
  return parsed.index.manifests;
}
