import type { Paths } from '../paths.ts';
import { isPredefined } from './predefined.ts';
import { discardNetwork } from './remove.ts';
import { type NetworkRecord, storedNetworks } from './store.ts';

/** Removes the networks that no container is in and that `wanted` holds for; gives their names. */
export function pruneNetworks(paths: Paths, wanted: (network: NetworkRecord) => boolean): string[] {
  return storedNetworks(paths)
    .filter((network) => !isPredefined(network) && wanted(network) && discardNetwork(paths, network))
    .map(({ name }) => name);
}
