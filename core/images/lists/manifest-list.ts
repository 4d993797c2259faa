/**
 * Lists of images for several platforms that are made here: entries of the index of type OCI index (image-spec,
 * image-index.md). A list keeps its id while its content, and with it its digest, changes.
 */

import { randomBytes } from 'node:crypto';
import { PodError } from '../../error.ts';
import { collect } from '../collect.ts';
import { idOf, isList, KEPT, nameOf, sourcesOf, withSources } from '../entry.ts';
import { emitImageEvent } from '../events.ts';
import { findEntry } from '../find.ts';
import { digestOf } from '../format/digest.ts';
import { parseIndex } from '../format/manifest.ts';
import { OCI_INDEX } from '../format/media-types.ts';
import type { Descriptor, Index } from '../format/types.ts';
import { withEntry } from '../index-entries.ts';
import { REF_NAME, readBlob, readIndex, type StorePaths, updateIndex, writeBlob } from '../layout.ts';
import { listMembers } from '../list.ts';
import { noSuchList } from '../remove.ts';

/** One image of a list. */
export interface Member {
  readonly descriptor: Descriptor;
  /** "docker://…" of one that is not in the store. */
  readonly source?: string | undefined;
}

export interface ManifestList {
  readonly id: string;
  readonly entry: Descriptor;
  readonly members: readonly Member[];
  /** The document, as it is stored. */
  readonly bytes: Buffer;
  readonly index: Index;
}

/** The list of a name or id. Throws PodError `not-found`. */
export function readList(paths: Pick<StorePaths, 'images'>, text: string): ManifestList {
  const index = readIndex(paths);
  const entry = findEntry(paths, index, text);
  if (entry === undefined || !isList(entry)) throw noSuchList(text, entry !== undefined);
  const bytes = readBlob(paths, entry.digest);
  const members = membersOf(paths, entry);
  return { id: idOf(paths, entry), entry, members, bytes, index: parseIndex(bytes, `list ${text}`) };
}

function membersOf(paths: Pick<StorePaths, 'images'>, entry: Descriptor): Member[] {
  const sources = sourcesOf(entry);
  return listMembers(paths, entry).map((descriptor) => ({
    descriptor,
    source: sources.get(descriptor.digest),
  }));
}

/** What a change gives: the members that the list has then, by the index as it is meanwhile. */
export type ListChange = (members: readonly Member[], index: Index) => readonly Member[];

type Annotations = Readonly<Record<string, string>>;

/** Where the name is taken: it is refused; a list that has it is changed instead; or the new list has it from now on. */
export type WhereTaken = 'refuse' | 'amend' | 'take';

/**
 * Makes a list under a canonical name; gives its id. `change` gets the members of the list that has the name, `annotate`
 * its annotations. Throws PodError `conflict` where the name is taken.
 */
export async function createList(
  paths: StorePaths,
  name: string | undefined,
  whereTaken: WhereTaken,
  change: ListChange,
  annotate: (annotations: Annotations) => Annotations,
): Promise<string> {
  const { id, made } = await updateIndex(paths, (index) => {
    const named = index.manifests.filter((entry) => nameOf(entry) === name);
    const [taken] = name === undefined ? [] : named;
    const list = taken && isList(taken) ? taken : undefined;
    if (taken !== undefined && whereTaken !== 'take') {
      if (whereTaken === 'refuse' || !list) throw nameTaken(paths, nameOf(taken)!, taken);
      const after = changed(paths, index, list, change, { annotate });
      return { ...after, result: { id: idOf(paths, list), made: false } };
    }
    const id = randomBytes(32).toString('hex');
    const kept = {
      [KEPT.id]: id,
      [KEPT.created]: new Date().toISOString(),
      ...(name && { [REF_NAME]: name }),
    };
    const members = change(list ? membersOf(paths, list) : [], index);
    const annotations = annotate(list ? annotationsOf(paths, list) : {});
    const entry = stored(paths, { annotations: kept }, members, annotations);
    const same = named.find(({ digest }) => digest === entry.digest);
    if (same) return { result: { id: idOf(paths, same), made: false } };
    return { index: withEntry(index, entry), result: { id, made: true } };
  });
  if (made && name) emitImageEvent(paths, 'tag', id, name);
  return id;
}

function nameTaken(paths: StorePaths, name: string, entry: Descriptor): PodError {
  const list = isList(entry);
  return new PodError({
    code: 'conflict',
    message: `cannot create list ${name}`,
    why: `the name is that of ${list ? 'a list' : 'an image'}, ${idOf(paths, entry).slice(0, 12)}`,
    hint: list ? 'add --amend to change that list' : `take it away first: tsc-pod untag ${name} ${name}`,
  });
}

/**
 * Changes the members of a list; gives its id. What only a former member needed goes, but for the layers in
 * `keepLayers`. Throws PodError `not-found`.
 */
export async function changeList(
  paths: StorePaths,
  text: string,
  change: ListChange,
  keepLayers: ReadonlySet<string> = new Set(),
): Promise<string> {
  return updateIndex(paths, (index) => {
    const entry = findEntry(paths, index, text);
    if (entry === undefined || !isList(entry)) throw noSuchList(text, entry !== undefined);
    return { ...changed(paths, index, entry, change, { keepLayers }), result: idOf(paths, entry) };
  });
}

/** All entries of the list, whatever their names, get its new content. */
function changed(
  paths: StorePaths,
  index: Index,
  entry: Descriptor,
  change: ListChange,
  {
    annotate = (before) => before,
    keepLayers,
  }: { annotate?: (annotations: Annotations) => Annotations; keepLayers?: ReadonlySet<string> },
): { index: Index; after: () => void } {
  const id = idOf(paths, entry);
  const before = membersOf(paths, entry);
  const annotations = annotate(annotationsOf(paths, entry));
  const members = change(before, index);
  const manifests = index.manifests.map((other) =>
    idOf(paths, other) === id
      ? stored(
          paths,
          { ...other, annotations: { ...other.annotations, [KEPT.id]: id } },
          members,
          annotations,
        )
      : other,
  );
  const plan = collect(paths, [entry], manifests, keepLayers);
  return { index: { ...index, manifests }, after: () => void plan() };
}

function annotationsOf(paths: StorePaths, entry: Descriptor): Annotations {
  const what = `list ${nameOf(entry) ?? idOf(paths, entry)}`;
  return parseIndex(readBlob(paths, entry.digest), what).annotations ?? {};
}

/** Writes a list's document, and gives its entry. */
function stored(
  paths: StorePaths,
  entry: Pick<Descriptor, 'annotations'>,
  members: readonly Member[],
  annotations: Annotations,
): Descriptor {
  const bytes = listDocument(
    OCI_INDEX,
    members.map(({ descriptor }) => descriptor),
    annotations,
  );
  const digest = digestOf(bytes);
  writeBlob(paths, digest, bytes);
  return {
    mediaType: OCI_INDEX,
    digest,
    size: bytes.length,
    annotations: withSources(entry.annotations ?? {}, members),
  };
}

/** The bytes of a list. */
export function listDocument(
  mediaType: string,
  manifests: readonly Descriptor[],
  annotations: Annotations = {},
): Buffer {
  const more = Object.keys(annotations).length > 0 ? { annotations } : {};
  return Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, manifests, ...more }));
}
