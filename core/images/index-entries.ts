/** Names in the index: a name belongs to one entry, and an entry without one is kept only where nothing else is left. */

import { isList, KEPT, nameOf } from './entry.ts';
import type { Descriptor, Index } from './format/types.ts';
import { REF_NAME } from './layout.ts';

/** Adds an entry. Who had its name loses it, and a nameless entry of an image that has names goes away. */
export function withEntry(index: Index, entry: Descriptor): Index {
  const name = nameOf(entry);
  if (name === undefined) return { ...index, manifests: tidy([entry, ...index.manifests]) };
  const others = index.manifests.map((other) => unnamed(other, name));
  return { ...index, manifests: tidy([...others, entry]) };
}

/** The entry without that name. */
export function unnamed(entry: Descriptor, name: string): Descriptor {
  if (nameOf(entry) !== name) return entry;
  const { [REF_NAME]: _, ...annotations } = entry.annotations ?? {};
  return { ...entry, annotations };
}

/** Keeps a nameless entry only where it is all that is left of its manifest, and once. */
export function tidy(entries: readonly Descriptor[]): Descriptor[] {
  // Two lists may have the same members and still be two.
  const keyOf = (entry: Descriptor) => `${entry.digest} ${isList(entry) ? entry.annotations?.[KEPT.id] : ''}`;
  const seen = new Set(entries.filter((entry) => nameOf(entry) !== undefined).map(keyOf));
  return entries.filter((entry) => {
    if (nameOf(entry) !== undefined) return true;
    const key = keyOf(entry);
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}
