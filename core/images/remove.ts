/** Removing images and lists from the store: their names, and with the last one all that nothing else needs. */

import { PodError } from '../error.ts';
import { type Collected, collect } from './collect.ts';
import { idOf, isList } from './entry.ts';
import { emitImageEvent } from './events.ts';
import { findEntry, findNamed, namesOf, noSuchImage } from './find.ts';
import type { Descriptor, Index } from './format/types.ts';
import { type StorePaths, updateIndex } from './layout.ts';
import { imagesWithin } from './list.ts';
import { danglingParents } from './parents.ts';

export interface RemoveOptions {
  /** Remove an image by its id though it has several names, or though containers use it. */
  readonly force?: boolean;
  /** Remove an image by its id though it has several names. */
  readonly allNames?: boolean;
  /** Names of the containers that use an image; asked before it goes. */
  readonly usedBy?: (id: string) => readonly string[];
  /** Unpacked layers ("sha256:…") that must stay whatever the index says, since containers run on them. */
  readonly keepLayers?: ReadonlySet<string>;
  /** Leave the nameless images that it was made from. */
  readonly keepParents?: boolean;
  /** Only what is a list: anything else is not found. */
  readonly onlyLists?: boolean;
}

export interface Removed extends Collected {
  /** Names that are gone. */
  readonly untagged: readonly string[];
  /** The id of the image that is gone; undefined when it has other names. */
  readonly deleted: string | undefined;
  /** Ids of the nameless images that it was made from, which are gone with it. */
  readonly parents: readonly string[];
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
    const chosen = choose(paths, index, text, options);
    const { id, entries, goes } = chosen;
    const stays = index.manifests.filter((other) => !goes.includes(other));
    const untagged = namesOf(goes);
    if (goes.length < entries.length) {
      const removed: Removed = { untagged, deleted: undefined, parents: [], freed: 0, trash: [] };
      return { index: { ...index, manifests: stays }, result: { id, removed } };
    }
    refuseUsed(paths, chosen, stays, options);
    const parents = options.keepParents
      ? []
      : danglingParents(paths, goes[0]!, stays, (entry) => isUsed(paths, entry, options));
    const left = stays.filter((entry) => !parents.includes(entry));
    const plan = collect(paths, [...goes, ...parents], left, options.keepLayers);
    const ids = parents.map((entry) => idOf(paths, entry));
    const removed: Removed = { untagged, deleted: id, parents: ids, freed: 0, trash: [] };
    return {
      index: { ...index, manifests: left },
      result: { id, removed },
      after: () => Object.assign(removed, plan()),
    };
  });
  for (const name of removed.untagged) emitImageEvent(paths, 'untag', id, name);
  if (removed.deleted !== undefined) emitImageEvent(paths, 'delete', id);
  for (const parent of removed.parents) emitImageEvent(paths, 'delete', parent);
  return removed;
}

interface Chosen {
  id: string;
  /** All entries of the image. */
  entries: Descriptor[];
  /** Those that go. */
  goes: Descriptor[];
}

function choose(
  paths: StorePaths,
  index: Index,
  text: string,
  { force, allNames, onlyLists }: RemoveOptions,
): Chosen {
  const entry = findEntry(paths, index, text);
  if (entry === undefined || (onlyLists && !isList(entry)))
    throw onlyLists ? noSuchList(text, entry !== undefined) : noSuchImage(text);
  const id = idOf(paths, entry);
  const entries = index.manifests.filter((other) => idOf(paths, other) === id);
  if (findNamed(index, text) !== undefined) return { id, entries, goes: [entry] };
  const names = namesOf(entries);
  if (names.length > 1 && !force && !allNames) {
    const why = `it has several names: ${names.join(', ')}`;
    throw conflict(id, why, 'remove the names one by one, or use --force');
  }
  return { id, entries, goes: entries };
}

/** The error for a name that means no list here; `image`: it means an image. */
export function noSuchList(text: string, image: boolean): PodError {
  const { message } = noSuchImage(text);
  return new PodError({
    code: 'not-found',
    message: message.replace('image', 'manifest list'),
    ...(image && { why: 'that is an image' }),
  });
}

function isUsed(paths: StorePaths, entry: Descriptor, { usedBy }: RemoveOptions): boolean {
  return usedBy !== undefined && usedBy(idOf(paths, entry)).length > 0;
}

/** A list takes members with it that have no entry of their own: containers may use those. */
function refuseUsed(
  paths: StorePaths,
  { id, goes }: Chosen,
  stays: readonly Descriptor[],
  { force, usedBy }: RemoveOptions,
): void {
  if (force || usedBy === undefined) return;
  const [entry] = goes as [Descriptor];
  const within = isList(entry) ? membersThatGo(paths, entry, stays) : [id];
  const users = within.flatMap((image) => usedBy(image));
  if (users.length === 0) return;
  const hint = `tsc-pod rm ${users.join(' ')}   # first`;
  throw conflict(id, `container ${users.join(', ')} uses it`, hint, 2); // podman-rmi(1), "Exit Status"
}

function membersThatGo(paths: StorePaths, list: Descriptor, stays: readonly Descriptor[]): string[] {
  const kept = new Set(stays.flatMap((entry) => imagesWithin(paths, entry)));
  return imagesWithin(paths, list).filter((id) => !kept.has(id));
}

function conflict(id: string, why: string, hint: string, exitCode = 125): PodError {
  const message = `cannot remove image ${id.slice(0, 12)}`;
  return new PodError({ code: 'conflict', message, why, hint, exitCode });
}
