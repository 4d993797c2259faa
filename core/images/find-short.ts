/** Looking an image up by a name that only the user's aliases and search registries complete. */

import type { Environment } from '../config/read-config.ts';
import { loadRegistriesConfig } from '../config/registries-conf.ts';
import { expandShortName } from '../config/short-names.ts';
import type { Paths } from '../paths.ts';
import { parseReference } from '../reference.ts';
import { resolveImage, resolveReference } from './find.ts';
import type { ImageRecord } from './types.ts';

/** As resolveImage; where the store has no such name, "fedora" is "registry.fedoraproject.org/fedora" by its alias. */
export async function findImage(
  paths: Pick<Paths, 'images'>,
  env: Environment,
  text: string,
): Promise<ImageRecord | undefined> {
  const image = resolveImage(paths, text);
  if (image !== undefined || /^sha256:|^[a-f0-9]{64}$/.test(text)) return image;
  const reference = parseReference(text);
  if (reference.kind !== 'registry' || reference.shortName === undefined) return undefined;
  for (const candidate of expandShortName(reference, await loadRegistriesConfig(env))) {
    const found = resolveReference(paths, candidate);
    if (found !== undefined) return found;
  }
  return undefined;
}
