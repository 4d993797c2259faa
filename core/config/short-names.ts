/** What a name without a registry may stand for (containers-registries.conf(5), "short-name aliasing"). */

import { PodError } from '../error.ts';
import { familiarName, type ImageReference, withRepository } from '../reference.ts';
import type { RegistriesConfig } from './registries-conf.ts';

/**
 * Full references to try in turn: the alias alone where there is one, else the name in each search registry.
 * A reference with a registry stands for itself.
 */
export function expandShortName(reference: ImageReference, config: RegistriesConfig): ImageReference[] {
  const name = reference.shortName;
  if (name === undefined) return [reference];
  const alias = config.aliases.get(name);
  if (alias !== undefined) return [withRepository(reference, alias)];
  if (config.search.length === 0) {
    throw new PodError({
      code: 'usage',
      message: `cannot tell the registry of "${familiarName(reference)}"`,
      why: 'unqualified-search-registries in registries.conf is empty and no alias has this name',
      hint: `write the whole name: docker.io/library/${name}`,
    });
  }
  return config.search.map((registry) => withRepository(reference, `${registry}/${name}`));
}
