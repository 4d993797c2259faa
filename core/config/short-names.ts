/** What a name without a registry may stand for (containers-registries.conf(5), "short-name aliasing"). */

import { PodError } from '../error.ts';
import { familiarName, type ImageReference, repositoryName, withRepository } from '../reference.ts';
import type { RegistriesConfig } from './registries-conf.ts';

/** Asks a person which of several full names a short one stands for; gives undefined where there is nobody to ask. */
export type ChooseName = (name: string, choices: readonly string[]) => Promise<string | undefined>;

export interface Expanded {
  /** Full references to try in turn. */
  readonly candidates: readonly ImageReference[];
  /** The short name whose choice is to be kept as an alias once it has turned out to be good. */
  readonly chosen: string | undefined;
}

/**
 * The alias alone where there is one, else the name in each search registry, or in the one that is chosen, by
 * short-name-mode. A reference with a registry stands for itself.
 */
export async function resolveShortName(
  reference: ImageReference,
  config: RegistriesConfig,
  choose?: ChooseName,
): Promise<Expanded> {
  const candidates = expandShortName(reference, config);
  const name = reference.shortName;
  if (candidates.length < 2 || name === undefined || config.shortNameMode === 'disabled')
    return { candidates, chosen: undefined };
  const repository = await choose?.(name, candidates.map(repositoryName));
  if (repository !== undefined) return { candidates: [withRepository(reference, repository)], chosen: name };
  if (config.shortNameMode === 'permissive') return { candidates, chosen: undefined };
  throw new PodError({
    code: 'usage',
    message: `cannot tell the registry of "${familiarName(reference)}"`,
    why: 'short-name-mode in registries.conf is enforcing, several registries may have it, and there is no terminal to ask',
    hint: `write the whole name: ${candidates.map(repositoryName).join(' or ')}`,
  });
}

/** All that a name may stand for, in turn. */
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
