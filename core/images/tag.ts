/** Giving stored images names, and taking them away. */

import { PodError } from '../error.ts';
import type { Paths } from '../paths.ts';
import { canonicalName, familiarName, parseImageReference, printable } from '../reference.ts';
import { idOf, nameOf } from './entry.ts';
import { emitImageEvent } from './events.ts';
import { findEntry, namesOf, noSuchImage, storedName } from './find.ts';
import type { Descriptor, Index } from './format/types.ts';
import { tidy, unnamed, withEntry } from './index-entries.ts';
import { REF_NAME, type StorePaths, updateIndex } from './layout.ts';

/** Gives an image or a list more names: all of them or none. Throws PodError `not-found` or `usage`. */
export async function tagImage(paths: StorePaths, source: string, targets: readonly string[]): Promise<void> {
  const names = targets.map(newName);
  const id = await updateIndex(paths, (index) => {
    const entry = findEntry(paths, index, source);
    if (entry === undefined) throw noSuchImage(source);
    let changed = index;
    for (const name of names)
      changed = withEntry(changed, { ...entry, annotations: { ...entry.annotations, [REF_NAME]: name } });
    return { index: changed, result: idOf(paths, entry) };
  });
  for (const name of names) emitImageEvent(paths, 'tag', id, name);
}

/** The canonical name that an image of this store can be given. Throws PodError `usage`. */
export function newName(text: string): string {
  const reference = parseImageReference(text);
  if (reference.digest === undefined) return canonicalName(reference);
  throw new PodError({
    code: 'usage',
    message: `cannot tag as ${printable(text, 300)}`,
    why: 'a tag has no digest',
  });
}

/** Takes names away; the image stays, nameless if it must. All its names when `names` is empty. */
export async function untagImage(
  paths: StorePaths,
  image: string,
  names: readonly string[] = [],
): Promise<string[]> {
  const { id, untagged } = await updateIndex(paths, (index) => {
    const entry = findEntry(paths, index, image);
    if (entry === undefined) throw noSuchImage(image);
    const id = idOf(paths, entry);
    const own = namesOf(index.manifests.filter((other) => idOf(paths, other) === id));
    const gone = names.length === 0 ? own : names.map((name) => ownName(paths, index, name, own));
    let { manifests } = index;
    for (const name of gone) manifests = manifests.map((other) => unnamed(other, name));
    return { index: { ...index, manifests: tidy(manifests) }, result: { id, untagged: gone } };
  });
  for (const name of untagged) emitImageEvent(paths, 'untag', id, name);
  return untagged;
}

/** The one of an image's names that was typed, which may be a short one. */
function ownName(paths: Pick<Paths, 'images'>, index: Index, text: string, own: readonly string[]): string {
  const plain = storedName(text);
  if (own.includes(plain)) return plain;
  const entry: Descriptor | undefined = findEntry(paths, index, text);
  const found = entry && nameOf(entry);
  if (found !== undefined && own.includes(found)) return found;
  const reference = parseImageReference(text);
  throw new PodError({ code: 'not-found', message: `the image has no name ${familiarName(reference)}` });
}
