/** The images that a build has made for several platforms, as one list. */

import { PodError } from '../../error.ts';
import { formatPlatform } from '../../platform.ts';
import { idOf, isList, nameOf } from '../entry.ts';
import type { Index } from '../format/types.ts';
import { type StorePaths, updateIndex } from '../layout.ts';
import { localMembers, withChange } from './list-members.ts';
import { createList, type ListChange, type Member } from './manifest-list.ts';

/** An image of the store, and what is noted with it in the list. */
export interface BuiltMember {
  readonly id: string;
  readonly digest: string;
  readonly annotations: Readonly<Record<string, string>>;
}

/**
 * Makes the list, which takes its name from whoever has it; gives its id. `adds`: what a list of that name has for other
 * platforms stays in it, and what is noted with it.
 */
export async function putBuiltList(
  paths: StorePaths,
  name: string | undefined,
  images: readonly BuiltMember[],
  { adds = false, annotations = {} }: { adds?: boolean; annotations?: Record<string, string> },
): Promise<string> {
  const change: ListChange = (before, index) => {
    const built = builtMembers(paths, index, images);
    const platforms = new Set(built.map(platformOf));
    return [...(adds ? before.filter((member) => !platforms.has(platformOf(member))) : []), ...built];
  };
  return createList(paths, name, 'take', change, (before) => ({ ...(adds && before), ...annotations }));
}

const platformOf = ({ descriptor: { platform } }: Member): string | undefined =>
  platform && formatPlatform(platform);

function builtMembers(paths: StorePaths, index: Index, images: readonly BuiltMember[]): Member[] {
  const each = new Map(images.map((image) => [image.digest, image]));
  return [...each.values()].flatMap(({ id, digest, annotations }) => {
    const members = localMembers(paths, index, digest, false);
    if (members) return members.map((member) => withChange(member, { annotations }));
    throw new PodError({
      code: 'conflict',
      message: 'cannot store the image',
      why: `${id.slice(0, 12)} was removed meanwhile`,
      hint: 'build it again',
    });
  });
}

/** Of images that have no name, what is left is the list: they would be shown beside it. */
export async function hideMembers(paths: StorePaths, images: readonly BuiltMember[]): Promise<void> {
  const ids = images.map(({ id }) => id);
  await updateIndex(paths, (index) => {
    const manifests = index.manifests.filter(
      (entry) => nameOf(entry) !== undefined || isList(entry) || !ids.includes(idOf(paths, entry)),
    );
    return { index: { ...index, manifests }, result: undefined };
  });
}
