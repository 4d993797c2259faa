/** What `push IMAGE [DESTINATION]` means: which image of the store, and the full name that it goes under. */

import { PodError } from '../../error.ts';
import type { Paths } from '../../paths.ts';
import type { Platform } from '../../platform.ts';
import {
  canonicalName,
  familiarName,
  type ImageReference,
  parseImageReference,
  parseReference,
  printable,
  type Reference,
  repositoryName,
} from '../../reference.ts';
import { isList, nameOf, readRecord } from '../entry.ts';
import { findEntry, meaningsOf, namesOf, noSuchImage } from '../find.ts';
import type { Descriptor, ImageRecord } from '../format/types.ts';
import { readIndex } from '../layout.ts';
import { type ManifestList, readList } from '../lists/manifest-list.ts';
import { requirePlatform } from '../require-platform.ts';

export interface PushTarget<Name extends Reference = Reference> {
  /** A list goes to a registry as a whole, unless a platform is asked for. */
  readonly image: ImageRecord | ManifestList;
  readonly name: Name;
}

export function isWholeList(image: ImageRecord | ManifestList): image is ManifestList {
  return 'members' in image;
}

/**
 * Without a destination an image goes to where its name says. Throws PodError `not-found`; `usage` where there is no
 * name, or it is no registry's.
 */
export function pushTarget(
  paths: Pick<Paths, 'images'>,
  text: string,
  destination: string | undefined,
  platform: Platform | undefined,
): PushTarget {
  const entry = findEntry(paths, readIndex(paths), text);
  if (entry === undefined) throw noSuchImage(text);
  const name = destination === undefined ? ownName(text, entry) : readDestination(destination);
  if (isList(entry) && platform === undefined && name.kind === 'registry')
    return { image: readList(paths, text), name };
  const image = readRecord(paths, entry, namesOf([entry]), platform);
  requirePlatform(image, platform, 'push', text);
  return { image, name };
}

/** All tags that the store has of a repository, for --all-tags. Throws PodError `not-found` or `usage`. */
export function pushTargets(
  paths: Pick<Paths, 'images'>,
  text: string,
  platform: Platform | undefined,
): PushTarget<ImageReference>[] {
  const reference = parseImageReference(text);
  if (reference.tag !== undefined || reference.digest !== undefined)
    throw new PodError({ code: 'usage', message: "tag can't be used with --all-tags/-a" });
  const names = namesOf(readIndex(paths).manifests).flatMap((name) => {
    const own = registryName(name);
    return own?.tag === undefined ? [] : [own];
  });
  for (const like of meaningsOf(reference)) {
    const found = names.filter((name) => repositoryName(name) === repositoryName(like));
    if (found.length > 0) {
      return found.map((name) => ({
        image: pushTarget(paths, canonicalName(name), undefined, platform).image,
        name,
      }));
    }
  }
  throw noSuchImage(text);
}

function registryName(name: string): ImageReference | undefined {
  try {
    const reference = parseReference(name);
    return reference.kind === 'registry' ? reference : undefined;
  } catch {
    return undefined;
  }
}

/** The name that `text` stands for, of the entry that it has led to. */
function ownName(text: string, entry: Descriptor): ImageReference {
  const full = nameOf(entry);
  const stored = full === undefined ? undefined : registryName(full);
  const typed = registryName(text);
  const own =
    stored &&
    typed &&
    meaningsOf(typed).find((meaning) => repositoryName(meaning) === repositoryName(stored));
  if (own) return own;
  const shown = printable(text);
  throw new PodError({
    code: 'usage',
    message: `cannot tell where to push ${shown}`,
    why: 'that is no name of a repository',
    hint: `tsc-pod push ${stored === undefined ? `${shown} REGISTRY/NAME` : familiarName(stored)}`,
  });
}

function readDestination(text: string): Reference {
  const reference = parseReference(text);
  const why =
    reference.kind === 'builtin'
      ? 'what is built in cannot be changed'
      : reference.kind === 'registry' && reference.tag !== undefined && reference.digest !== undefined
        ? 'it has a tag and a digest: one of them is enough'
        : undefined;
  if (why === undefined) return reference;
  throw new PodError({ code: 'usage', message: `cannot push to ${printable(text)}`, why });
}
