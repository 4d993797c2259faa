import { onlyOne } from '../by-name.ts';
import { PodError } from '../error.ts';
import type { Paths } from '../paths.ts';
import { createNetwork } from './create.ts';
import { DEFAULT_NETWORK, modeNetworks } from './predefined.ts';
import { type NetworkRecord, readNetwork, storedNetworks } from './store.ts';

async function makeDefault(paths: Paths): Promise<void> {
  if (readNetwork(paths, DEFAULT_NETWORK)) return;
  await createNetwork(paths, { name: DEFAULT_NETWORK, ignore: true });
}

/** All networks, by name; with those that docker has besides bridges. */
export async function listNetworks(paths: Paths): Promise<NetworkRecord[]> {
  await makeDefault(paths);
  return [...storedNetworks(paths), ...modeNetworks()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/**
 * The network of a name, or of an id's beginning that only one has. Throws PodError `not-found` or `conflict`, with the
 * exit code of the `network` commands or another.
 */
export async function findNetwork(paths: Paths, wish: string, exitCode = 1): Promise<NetworkRecord> {
  if (wish === DEFAULT_NETWORK) await makeDefault(paths);
  const exact = readNetwork(paths, wish) ?? modeNetworks().find(({ name }) => name === wish);
  if (exact) return exact;
  const all = /^[0-9a-f]+$/.test(wish) ? [...storedNetworks(paths), ...modeNetworks()] : [];
  return onlyOne(
    all.filter(({ id }) => id.startsWith(wish)),
    'network',
    wish,
    exitCode,
  );
}

/** The same, of those that a container can be connected to. Throws PodError `usage` for another. */
export async function findBridge(paths: Paths, wish: string, exitCode?: number): Promise<NetworkRecord> {
  const network = await findNetwork(paths, wish, exitCode);
  if (network.driver === 'bridge') return network;
  throw new PodError({
    code: 'usage',
    message: `cannot connect to the network ${network.name}`,
    why: 'a container has it from its start or not at all',
    hint: `tsc-pod run --network ${network.name} …`,
  });
}
