/** Which repositories of a registry hold a blob, as far as the store's own names tell: it was pulled from or pushed to them. */

import { endpointsOf } from '../../config/endpoints.ts';
import type { RegistriesConfig } from '../../config/registries-conf.ts';
import type { Paths } from '../../paths.ts';
import { parseImageReference, repositoryName } from '../../reference.ts';
import { nameOf, readManifestOf } from '../entry.ts';
import type { Descriptor } from '../format/types.ts';
import { readIndex } from '../layout.ts';

/** Full names where registries.conf sends them ("quay.io/team/app"), by digest of the blob. Reads the store when first asked. */
export function knownRepositories(
  paths: Pick<Paths, 'images'>,
  config: RegistriesConfig,
): (digest: string) => readonly string[] {
  let known: Map<string, Set<string>> | undefined;
  return (digest) => {
    known ??= readAll(paths, config);
    return [...(known.get(digest) ?? [])];
  };
}

function readAll(paths: Pick<Paths, 'images'>, config: RegistriesConfig): Map<string, Set<string>> {
  const known = new Map<string, Set<string>>();
  for (const entry of readIndex(paths).manifests) {
    const repository = repositoryOf(entry, config);
    if (repository === undefined) continue;
    for (const digest of blobsOf(paths, entry)) {
      const holders = known.get(digest);
      if (holders === undefined) known.set(digest, new Set([repository]));
      else holders.add(repository);
    }
  }
  return known;
}

function repositoryOf(entry: Descriptor, config: RegistriesConfig): string | undefined {
  const name = nameOf(entry);
  if (name === undefined) return undefined;
  try {
    return repositoryName(endpointsOf(parseImageReference(name), config).at(-1)!.reference);
  } catch {
    return undefined; // a built-in image, or a registry that is blocked
  }
}

function blobsOf(paths: Pick<Paths, 'images'>, entry: Descriptor): string[] {
  try {
    const { config, layers } = readManifestOf(paths, entry).manifest;
    return [config, ...layers].map(({ digest }) => digest);
  } catch {
    return []; // what is damaged is told where it is needed
  }
}
