/** The images that a build has made for several platforms, as one list. */

import { PodError } from '../../error.ts';
import { formatPlatform } from '../../platform.ts';
import { idOf, isList, nameOf } from '../entry.ts';
import type { Index } from '../format/types.ts';
import { type StorePaths, updateIndex } from '../layout.ts';
import { localMembers } from './list-members.ts';
import { createList, type ListChange, type Member } from './manifest-list.ts';

/**
 * Makes the list, which takes its name from whoever has it; gives its id. `adds`: what a list of that name has for other
 * platforms stays in it. */
export async function putBuiltList(
  paths: StorePaths,
  name: string | undefined,
  ids: readonly string[],
  adds: boolean,
): Promise<string> {
  const change: ListChange = (before, index) => {
    const built = builtMembers(paths, index, ids);
    const platforms = new Set(built.map(platformOf));
    return [...(adds ? before.filter((member) => !platforms.has(platformOf(member))) : []), ...built];
  };
  return createList(paths, name, 'take', change);
}

const platformOf = ({ descriptor: { platform } }: Member): string | undefined =>
  platform && formatPlatform(platform);

function builtMembers(paths: StorePaths, index: Index, ids: readonly string[]): Member[] {
  return [...new Set(ids)].flatMap((id) => {
    const members = localMembers(paths, index, id, false);
    if (members) return members;
    throw new PodError({
      code: 'conflict',
      message: 'cannot store the image',
      why: `${id.slice(0, 12)} was removed meanwhile`,
      hint: 'build it again',
    });
  });
}

/** Of images that have no name, what is left is the list: they would be shown beside it. */
export async function hideMembers(paths: StorePaths, ids: readonly string[]): Promise<void> {
  await updateIndex(paths, (index) => {
    const manifests = index.manifests.filter(
      (entry) => nameOf(entry) !== undefined || isList(entry) || !ids.includes(idOf(paths, entry)),
    );
    return { index: { ...index, manifests }, result: undefined };
  });
}
