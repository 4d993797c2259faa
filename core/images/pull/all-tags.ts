import { PodError } from '../../error.ts';
import { type ImageReference, printable, repositoryName } from '../../reference.ts';
import { type PlaceOptions, searchPlaces } from './places.ts';

/** A pull of more is more likely a mistake. */
const MOST = 10_000;

/** For `pull --all-tags`: the full names of all that a registry has of a repository. Throws PodError `usage`, or as a pull does. */
export async function allTags(reference: ImageReference, options: PlaceOptions): Promise<string[]> {
  if (reference.tag !== undefined || reference.digest !== undefined)
    throw new PodError({ code: 'usage', message: "tag can't be used with --all-tags/-a" });
  return searchPlaces(reference, 'pull', options, async ({ client, name }) => {
    const tags: string[] = [];
    for await (const tag of client.tags()) {
      tags.push(tag);
      if (tags.length > MOST)
        throw new PodError({ code: 'unsupported', message: `it has more than ${MOST} tags` });
    }
    if (tags.length === 0)
      throw new PodError({ code: 'not-found', message: `${client.description} has no tags` });
    return tags.map((tag) => `${repositoryName(name)}:${printable(tag, 128)}`);
  });
}
