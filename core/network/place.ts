import { hostAddress } from '../../netns/host-address.ts';
import type { BridgePlace } from '../../netns/network-files.ts';
import type { NetworkAttachment } from '../container/record.ts';
import { hostLoopback, routedNetwork } from './operations.ts';
import type { NetworkRecord } from './store.ts';

/** What a container has of its networks. The resolver of any tells of all, but an internal one of nothing outside. */
export function placeOf(
  networks: readonly NetworkRecord[],
  attached: readonly NetworkAttachment[],
): BridgePlace {
  const out = routedNetwork(networks);
  const told = networks.filter(({ dns }) => dns);
  const sorted = [...told.filter(({ internal }) => !internal), ...told.filter(({ internal }) => internal)];
  return {
    addresses: attached.flatMap(({ addresses }) => addresses.map((address) => address.split('/')[0]!)),
    resolvers: sorted.map(({ subnets }) => subnets[0]!.gateway),
    gateway: out?.subnets[0]?.gateway,
    host: out && (hostLoopback(out) ?? hostAddress()),
    out: out !== undefined,
  };
}
