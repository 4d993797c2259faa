/** Looking images up in the store. One name is the hottest path of the program: three small files are read. */

import { PodError } from '../error.ts';
import type { Paths } from '../paths.ts';
import { type Platform, platformMatches } from '../platform.ts';
import {
  canonicalName,
  type ImageReference,
  parseImageReference,
  parseReference,
  printable,
  repositoryName,
  withRepository,
} from '../reference.ts';
import { idOf, KEPT, nameOf, readRecord } from './entry.ts';
import type { Descriptor, ImageRecord, Index } from './format/types.ts';
import { readIndex } from './layout.ts';

type Images = Pick<Paths, 'images'>;

const ID = /^(?:sha256:)?([a-f0-9]{1,64})$/;

/**
 * The image of a name ("alpine", "quay.io/x/y:1@sha256:…"), of an id or the beginning of one, or of a manifest's
 * digest. Of a list, the image for `platform`, this machine's unless told. Undefined where there is none; PodError
 * `conflict` where the beginning fits several.
 */
export function resolveImage(paths: Images, text: string, platform?: Platform): ImageRecord | undefined {
  const index = readIndex(paths);
  const entry = findEntry(paths, index, text);
  if (entry === undefined) return undefined;
  return readRecord(paths, entry, namesLike(paths, index, entry), platform);
}

/** Like resolveImage, for a reference that is parsed already. */
export function resolveReference(paths: Images, reference: ImageReference): ImageRecord | undefined {
  const index = readIndex(paths);
  const entry = findByReference(index, reference);
  return entry && readRecord(paths, entry, namesLike(paths, index, entry));
}

/** The newest of the nameless images for `platform` that were fetched as `reference`. */
export function resolveNameless(
  paths: Images,
  reference: ImageReference,
  platform: Platform,
): ImageRecord | undefined {
  const names = meaningsOf(reference).map(canonicalName);
  return readIndex(paths)
    .manifests.filter((entry) => names.includes(entry.annotations?.[KEPT.from] ?? ''))
    .map((entry) => readRecord(paths, entry, []))
    .find((image) => platformMatches(image.platform, platform));
}

/** The entry that a name, id or digest means. */
export function findEntry(paths: Images, index: Index, text: string): Descriptor | undefined {
  const id = ID.exec(text)?.[1];
  return findNamed(index, text) ?? (id === undefined ? undefined : findById(paths, index, id));
}

/** The entry that has a name; a name goes before an id that begins alike. */
export function findNamed(index: Index, text: string): Descriptor | undefined {
  if (text.startsWith('sha256:') || /^[a-f0-9]{64}$/.test(text)) return undefined;
  return findByText(index, text);
}

function findByText(index: Index, text: string): Descriptor | undefined {
  const reference = parseReference(text);
  if (reference.kind === 'registry') return findByReference(index, reference);
  if (reference.kind === 'transport')
    return isImageName(text) ? findByReference(index, parseImageReference(text)) : undefined;
  return index.manifests.find((entry) => nameOf(entry) === storedName(text));
}

/** Whether what looks like a transport and its path could be a name and its tag. */
function isImageName(text: string): boolean {
  return /^[a-z-]+:[\w.-]{1,128}$/.test(text);
}

/** The name under which the store has what `text` refers to. */
export function storedName(text: string): string {
  const reference = parseReference(text);
  if (reference.kind === 'builtin') return `builtin:${reference.name}`;
  // In the store "dir:latest" is an image that was given this name.
  return canonicalName(reference.kind === 'transport' ? parseImageReference(text) : reference);
}

/** What a name may be here: a short one is first of all an image that was made here, as for podman; then what the registries' rules make of it. */
export function meaningsOf(reference: ImageReference): ImageReference[] {
  const { shortName } = reference;
  return shortName === undefined
    ? [reference]
    : [withRepository(reference, `localhost/${shortName}`), reference];
}

function findByReference(index: Index, reference: ImageReference): Descriptor | undefined {
  for (const meaning of meaningsOf(reference)) {
    const found = findByName(index, meaning);
    if (found !== undefined) return found;
  }
  return undefined;
}

function findByName(index: Index, reference: ImageReference): Descriptor | undefined {
  const name = canonicalName(reference);
  const exact = index.manifests.find((entry) => nameOf(entry) === name);
  const { digest } = reference;
  if (exact !== undefined || digest === undefined) return exact;
  const repository = repositoryName(reference);
  return index.manifests.find(
    (entry) => digestsOf(entry).includes(digest) && nameOf(entry)?.replace(/[:@][^/]*$/, '') === repository,
  );
}

function digestsOf(entry: Descriptor): (string | undefined)[] {
  return [entry.digest, entry.annotations?.[KEPT.manifest], entry.annotations?.[KEPT.list]];
}

function findById(paths: Images, index: Index, prefix: string): Descriptor | undefined {
  let found: { id: string; entry: Descriptor } | undefined;
  for (const entry of index.manifests) {
    const id = idOf(paths, entry);
    const byDigest = prefix.length === 64 && digestsOf(entry).includes(`sha256:${prefix}`);
    if (!byDigest && !id.startsWith(prefix)) continue;
    if (found !== undefined && found.id !== id) {
      throw new PodError({
        code: 'conflict',
        message: `image id ${printable(prefix)} is ambiguous`,
        why: `${found.id.slice(0, 12)} and ${id.slice(0, 12)} begin with it`,
      });
    }
    if (found === undefined || nameOf(found.entry) === undefined) found = { id, entry };
  }
  return found?.entry;
}

/** All names of the image of an entry. */
function namesLike(paths: Images, index: Index, entry: Descriptor): string[] {
  const id = idOf(paths, entry);
  return namesOf(index.manifests.filter((other) => nameOf(other) !== undefined && idOf(paths, other) === id));
}

export function namesOf(entries: readonly Descriptor[]): string[] {
  return entries.map(nameOf).filter((name) => name !== undefined);
}

/** The error for a name that means nothing here. */
export function noSuchImage(text: string): PodError {
  return new PodError({
    code: 'not-found',
    message: `no such image: ${printable(text)}`,
    hint: 'tsc-pod images   # lists all images',
  });
}
