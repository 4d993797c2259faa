/** Changing the store: an image is put in as the last step of getting it, named, unnamed and removed. */

import { PodError } from '../error.ts';
import { canonicalName, parseImageReference } from '../reference.ts';
import { type Collected, collect } from './collect.ts';
import { inOciTypes } from './convert-manifest.ts';
import { digestOf, parseDigest } from './digest.ts';
import { idOf, KEPT, nameOf, readRecord } from './entry.ts';
import { emitImageEvent } from './events.ts';
import { findEntry, namesOf, noSuchImage, storedName } from './find.ts';
import { parseImageConfig } from './image-config.ts';
import { blobSize, hasLayer, REF_NAME, type StorePaths, updateIndex, writeBlob } from './layout.ts';
import { parseAnyManifest } from './manifest.ts';
import { DOCKER_MANIFEST, OCI_MANIFEST } from './media-types.ts';
import type { Descriptor, ImageRecord, Index } from './types.ts';

/** An image whose layer blobs and unpacked layers lie in the store already. */
export interface NewImage {
  /** Canonical name; undefined for an image without one. */
  readonly name: string | undefined;
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

/** Adds an entry. Who had its name loses it, and a nameless entry of an image that has names goes away. */
function withEntry(index: Index, entry: Descriptor): Index {
  const name = nameOf(entry);
  const others = name === undefined ? index.manifests : index.manifests.map((other) => unnamed(other, name));
  return { ...index, manifests: tidy([...others, entry]) };
}

function unnamed(entry: Descriptor, name: string): Descriptor {
  if (nameOf(entry) !== name) return entry;
  const { [REF_NAME]: _, ...annotations } = entry.annotations ?? {};
  return { ...entry, annotations };
}

/** Keeps a nameless entry only where it is all that is left of its manifest, and once. */
function tidy(entries: Descriptor[]): Descriptor[] {
  const named = new Set(entries.filter((entry) => nameOf(entry) !== undefined).map(({ digest }) => digest));
  const seen = new Set<string>();
  return entries.filter((entry) => {
    if (nameOf(entry) !== undefined) return true;
    if (named.has(entry.digest) || seen.has(entry.digest)) return false;
    seen.add(entry.digest);
    return true;
  });
}

/** Gives an image one more name. Throws PodError `not-found`. */
export async function tagImage(paths: StorePaths, source: string, target: string): Promise<void> {
  const reference = parseImageReference(target);
  if (reference.digest !== undefined) {
    throw new PodError({ code: 'usage', message: `cannot tag as ${target}`, why: 'a tag has no digest' });
  }
  const name = canonicalName(reference);
  const id = await updateIndex(paths, (index) => {
    const entry = findEntry(paths, index, source);
    if (entry === undefined) throw noSuchImage(source);
    const annotations = { ...entry.annotations, [REF_NAME]: name };
    return { index: withEntry(index, { ...entry, annotations }), result: idOf(paths, entry) };
  });
  emitImageEvent(paths, 'tag', id, name);
}

/** Takes names away; the image stays, nameless if it must. All its names when `names` is empty. */
export async function untagImage(
  paths: StorePaths,
  image: string,
  names: readonly string[] = [],
): Promise<string[]> {
  const wanted = names.map(storedName);
  const { id, untagged } = await updateIndex(paths, (index) => {
    const entry = findEntry(paths, index, image);
    if (entry === undefined) throw noSuchImage(image);
    const id = idOf(paths, entry);
    const own = namesOf(index.manifests.filter((other) => idOf(paths, other) === id));
    const missing = wanted.find((name) => !own.includes(name));
    if (missing !== undefined) throw noSuchImage(missing);
    const gone = wanted.length === 0 ? own : wanted;
    let { manifests } = index;
    for (const name of gone) manifests = manifests.map((other) => unnamed(other, name));
    return { index: { ...index, manifests: tidy(manifests) }, result: { id, untagged: gone } };
  });
  for (const name of untagged) emitImageEvent(paths, 'untag', id, name);
  return untagged;
}

export interface RemoveOptions {
  /** Remove an image by its id though it has several names, or though containers use it. */
  readonly force?: boolean;
  /** Names of the containers that use an image; asked before it goes. */
  readonly usedBy?: (id: string) => readonly string[];
  /** Unpacked layers ("sha256:…") that must stay whatever the index says, since containers run on them. */
  readonly keepLayers?: ReadonlySet<string>;
}

export interface Removed extends Collected {
  /** Names that are gone. */
  readonly untagged: readonly string[];
  /** The id of the image that is gone; undefined when it has other names. */
  readonly deleted: string | undefined;
}

/**
 * Removes what `text` means, as `docker rmi` does: a name, and the image with its last name; by id all of it. What no
 * other image shares goes too. Throws PodError `not-found` or `conflict`.
 */
export async function removeImage(
  paths: StorePaths,
  text: string,
  options: RemoveOptions = {},
): Promise<Removed> {
  const { id, removed } = await updateIndex(paths, (index) => {
    const entry = findEntry(paths, index, text);
    if (entry === undefined) throw noSuchImage(text);
    const id = idOf(paths, entry);
    const entries = index.manifests.filter((other) => idOf(paths, other) === id);
    const names = namesOf(entries);
    const byName = nameOf(entry) !== undefined && !isIdOf(text, entry, id);
    const goes = byName ? entries.filter((other) => other === entry) : entries;
    if (!byName && names.length > 1 && !options.force) {
      const why = `it has several names: ${names.join(', ')}`;
      throw conflict(id, why, 'remove the names one by one, or use --force');
    }
    const rest = { ...index, manifests: index.manifests.filter((other) => !goes.includes(other)) };
    if (goes.length < entries.length) {
      const removed: Removed = { untagged: namesOf(goes), deleted: undefined, freed: 0, trash: [] };
      return { index: rest, result: { id, removed } };
    }
    const users = options.usedBy?.(id) ?? [];
    if (users.length > 0 && !options.force) {
      throw conflict(
        id,
        `container ${users.join(', ')} uses it`,
        `remove the container first: tsc-pod rm ${users[0]}`,
      );
    }
    const plan = collect(paths, goes, rest.manifests, options.keepLayers);
    const removed: Removed = { untagged: names, deleted: id, freed: 0, trash: [] };
    return { index: rest, result: { id, removed }, after: () => Object.assign(removed, plan()) };
  });
  for (const name of removed.untagged) emitImageEvent(paths, 'untag', id, name);
  if (removed.deleted !== undefined) emitImageEvent(paths, 'delete', id);
  return removed;
}

function isIdOf(text: string, entry: Descriptor, id: string): boolean {
  const hex = text.replace(/^sha256:/, '');
  const isName = nameOf(entry)?.startsWith(hex) ?? false;
  return /^[a-f0-9]+$/.test(hex) && (id.startsWith(hex) || entry.digest.endsWith(hex)) && !isName;
}

function conflict(id: string, why: string, hint: string): PodError {
  return new PodError({ code: 'conflict', message: `cannot remove image ${id.slice(0, 12)}`, why, hint });
}
