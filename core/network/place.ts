import { bareAddress } from '../../netns/address.ts';
import { hostAddress } from '../../netns/host-address.ts';
import type { BridgePlace } from '../../netns/network-files.ts';
import { defaultRoutes, type Membership, routedNetwork } from './membership.ts';
import { hostLoopback } from './operations.ts';

/** What a container has of its networks. The resolver of any tells of all, but an internal one of nothing outside. */
export function placeOf({ networks, attached }: Membership): BridgePlace {
  const out = routedNetwork(networks);
  const told = networks.filter(({ dns }) => dns);
  const sorted = [...told.filter(({ internal }) => !internal), ...told.filter(({ internal }) => internal)];
  return {
    addresses: attached.flatMap(({ addresses }) => addresses.map(bareAddress)),
    resolvers: sorted.map(({ subnets }) => subnets[0]!.gateway),
    gateway: out?.subnets[0]?.gateway,
    host: out && (hostLoopback(out) ?? hostAddress()),
    out: out !== undefined,
    ipv6: defaultRoutes(networks).some(({ gateway }) => gateway.includes(':')),
  };
}
