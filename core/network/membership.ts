import type { ContainerRecord, NetworkAttachment } from '../container/record.ts';
import { PodError } from '../error.ts';
import type { Paths } from '../paths.ts';
import { type NetworkRecord, readNetwork } from './store.ts';

/** The networks of a container, and in the same order what it has there. */
export interface Membership {
  readonly networks: readonly NetworkRecord[];
  readonly attached: readonly NetworkAttachment[];
}

/** As they are stored. Throws PodError `not-found` for a network that is gone. */
export function membershipOf(
  paths: Paths,
  { name, network }: Pick<ContainerRecord, 'name' | 'network'>,
): Membership {
  const attached = network.networks ?? [];
  return { attached, networks: attached.map((attachment) => networkOf(paths, name, attachment)) };
}

function networkOf(paths: Paths, container: string, { name, id }: NetworkAttachment): NetworkRecord {
  const network = readNetwork(paths, name);
  if (network?.id === id) return network;
  throw new PodError({
    code: 'not-found',
    message: `cannot start ${container}`,
    why: `its network ${name} is gone`,
    hint: `tsc-pod rm ${container}`,
  });
}

/** Of the networks of a container that by which it gets out, and which its published ports come in by. */
export function routedNetwork(networks: readonly NetworkRecord[]): NetworkRecord | undefined {
  return networks.find(({ internal }) => !internal);
}
