/** A container's /etc/hosts, /etc/hostname and /etc/resolv.conf, as its network and the host's are now. */

import { readFileSync } from 'node:fs';
import { hostAddress, routedAddress } from './host-address.ts';
import { type HostEntry, hostsText } from './hosts.ts';
import type { NetworkMode } from './mode.ts';
import { pastaResolver } from './pasta.ts';
import { type PastaOptions, pastaAddress, pastaValue } from './pasta-options.ts';
import { type DnsWish, hostServers, type ResolverReach, resolvConfText } from './resolv-conf.ts';
import { slirp4netnsAddresses } from './slirp4netns-options.ts';

export interface FilesWish {
  mode: Exclude<NetworkMode, { kind: 'container' }>;
  hostname: string;
  containerName: string;
  dns: DnsWish;
  addHosts: readonly HostEntry[];
  /** The image's own /etc/hosts stays. */
  noHosts?: boolean | undefined;
  /** Of mode bridge. */
  bridge?: BridgePlace | undefined;
}

export interface BridgePlace {
  /** Its own, without prefix. */
  addresses: string[];
  /** Of its networks. */
  resolvers: string[];
  gateway: string | undefined;
  /** Where its members reach the host; undefined where they don't. */
  host: string | undefined;
  /** One of its networks has a way out. */
  out: boolean;
  /** By IPv6, too. */
  ipv6: boolean;
}

interface Place {
  /** Its own; undefined: it has its loopback's alone. */
  address?: string | undefined;
  /** Where it reaches the host; undefined where it can't. */
  hostAddress?: string | undefined;
  /** /etc/hosts begins with it. */
  base?: string;
  /** undefined: the host's network. */
  reach: ResolverReach | undefined;
}

function readHosts(): string {
  try {
    return readFileSync('/etc/hosts', 'utf8');
  } catch {
    return '127.0.0.1\tlocalhost\n';
  }
}

/** How the container's resolver gets out: those of its networks know all names, and ask the host's themselves. */
export function bridgeReach({ resolvers, out, ipv6 }: BridgePlace): ResolverReach {
  return { own: resolvers, ipv6, alone: resolvers.length > 0 || !out };
}

/** The addresses of a network by pasta: the host's own, unless its options say others. */
export function pastaPlace(options: PastaOptions): {
  address: string | undefined;
  gateway: string | undefined;
  resolver: string | undefined;
} {
  const { words } = options;
  const routed = routedAddress(pastaValue(words, '-i', '--interface', '--outbound-if4'));
  return {
    address: pastaAddress(options) ?? routed,
    gateway: pastaValue(words, '-g', '--gateway'),
    resolver: pastaResolver(options, hostServers()),
  };
}

function placeOf({ mode, bridge }: FilesWish): Place {
  switch (mode.kind) {
    case 'none':
      return { reach: { own: [], ipv6: false } };
    case 'host':
      return { hostAddress: '127.0.0.1', base: readHosts(), reach: undefined };
    case 'path':
      // Nobody here knows where it leads: the host's servers may be reached, its loopback can't be.
      return { reach: { own: [], ipv6: true } };
    case 'bridge':
      if (!bridge) throw new Error('mode bridge without its networks');
      return { address: bridge.addresses[0], hostAddress: bridge.host, reach: bridgeReach(bridge) };
    case 'slirp4netns': {
      const { allowHostLoopback, cidr, enableIpv6 } = mode.options;
      const { guest, gateway, dns } = slirp4netnsAddresses(cidr);
      const host = allowHostLoopback ? gateway : hostAddress();
      return { address: guest, hostAddress: host, reach: { own: [dns], ipv6: enableIpv6 } };
    }
    case 'pasta': {
      const { address, gateway, resolver } = pastaPlace(mode.options);
      const host = (mode.options.mapGateway && gateway) || hostAddress(undefined, address);
      return { address, hostAddress: host, reach: { own: resolver ? [resolver] : [], ipv6: true } };
    }
  }
}

/** Texts by their path in the container; without those that stay the image's. */
export function networkFiles(wish: FilesWish): Record<string, string> {
  const { address = '127.0.0.1', base, hostAddress, reach } = placeOf(wish);
  const resolv = resolvConfText(wish.dns, reach);
  const names = [wish.hostname, wish.containerName];
  return {
    ...(!wish.noHosts && {
      '/etc/hosts': hostsText({ base, names, address, hostAddress, extra: wish.addHosts }),
    }),
    '/etc/hostname': `${wish.hostname}\n`,
    ...(resolv !== undefined && { '/etc/resolv.conf': resolv }),
  };
}
