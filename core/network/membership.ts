import { hasIPv6 } from '../../netns/host-address.ts';
import type { ContainerRecord, NetworkAttachment } from '../container/record.ts';
import { PodError } from '../error.ts';
import type { Paths } from '../paths.ts';
import { type NetworkRecord, type NetworkSubnet, readNetwork } from './store.ts';

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

/** A default route of a container's: by the gateway of one of its networks. */
export interface DefaultRoute {
  /** The network's. */
  id: string;
  gateway: string;
}

/** The uplink's gateway is the host's loopback, with all that listens there. */
export function allowsHostLoopback({ options }: Pick<NetworkRecord, 'options'>): boolean {
  return options.allow_host_loopback === 'true';
}

/**
 * The subnets whose members get out. Not those of IPv6 while the host has none: so that who tries it learns at once, since
 * the kernel forwards no error that libslirp tells of (it is from an address of the link).
 */
export function subnetsOut(network: NetworkRecord): NetworkSubnet[] {
  if (network.internal) return [];
  const six = (): boolean => allowsHostLoopback(network) || hasIPv6();
  return network.subnets.filter(({ gateway }) => !gateway.includes(':') || six());
}

/** One of each family that its networks have, by the first that has a way out. */
export function defaultRoutes(networks: readonly NetworkRecord[]): DefaultRoute[] {
  const all = networks.flatMap((network) =>
    subnetsOut(network).map(({ gateway }) => ({ id: network.id, gateway })),
  );
  const first = (six: boolean) => all.find(({ gateway }) => gateway.includes(':') === six);
  return [first(false), first(true)].filter((route) => route !== undefined);
}

/** Of the networks of a container the one which its published ports come in by. */
export function routedNetwork(networks: readonly NetworkRecord[]): NetworkRecord | undefined {
  return networks.find(({ internal }) => !internal);
}
