import { onlyOne } from '../by-name.ts';
import type { Paths } from '../paths.ts';
import { createNetwork } from './create.ts';
import { type NetworkRecord, readNetwork, storedNetworks } from './store.ts';

/** The network that is always there, as docker's. */
export const DEFAULT_NETWORK = 'bridge';

async function makeDefault(paths: Paths): Promise<void> {
  if (readNetwork(paths, DEFAULT_NETWORK)) return;
  await createNetwork(paths, { name: DEFAULT_NETWORK, ignore: true });
}

/** All networks, by name. */
export async function listNetworks(paths: Paths): Promise<NetworkRecord[]> {
  await makeDefault(paths);
  return storedNetworks(paths);
}

/**
 * The network of a name, or of an id's beginning that only one has. Throws PodError `not-found` or `conflict`, with the
 * exit code of the `network` commands or another.
 */
export async function findNetwork(paths: Paths, wish: string, exitCode = 1): Promise<NetworkRecord> {
  if (wish === DEFAULT_NETWORK) await makeDefault(paths);
  const exact = readNetwork(paths, wish);
  if (exact) return exact;
  const alike = /^[0-9a-f]+$/.test(wish) ? storedNetworks(paths).filter(({ id }) => id.startsWith(wish)) : [];
  return onlyOne(alike, 'network', wish, exitCode);
}
