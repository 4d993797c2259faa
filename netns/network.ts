/** One container's network as a whole: its namespace, the operations that fill it, and the files that go with it. */

import { readFileSync } from 'node:fs';
import { hostAddress, routedAddress } from './host-address.ts';
import { type HostEntry, hostsText } from './hosts.ts';
import type { NetworkMode } from './mode.ts';
import { pastaPlan, pastaResolver } from './pasta.ts';
import { pastaAddress, pastaValue } from './pasta-options.ts';
import { formatHostPort, type PortMapping } from './port.ts';
import { type DnsWish, hostServers, type ResolverReach, resolvConfText } from './resolv-conf.ts';
import { slirp4netnsPlan } from './slirp4netns.ts';
import { slirp4netnsAddresses } from './slirp4netns-options.ts';
import type { Slirp4netnsProgram } from './slirp4netns-program.ts';
import { type MappedRange, namespaceSysctls } from './sysctls.ts';

/** Relative: the launcher works in the container's runtime directory, whose path may be too long for unix(7). */
const API_SOCKET = 'slirp4netns.sock';

export interface NetworkWish {
  mode: Exclude<NetworkMode, { kind: 'container' }>;
  /** Chosen and found free: host-port.ts. */
  ports: readonly PortMapping[];
  hostname: string;
  containerName: string;
  dns: DnsWish;
  addHosts: readonly HostEntry[];
  gidMap: readonly MappedRange[];
  /** Of mode bridge: its own addresses without prefix, the resolvers of its networks, and its first gateway. */
  bridge?: BridgePlace | undefined;
  /** Wanted by mode slirp4netns alone. */
  slirp4netns?: Slirp4netnsProgram | undefined;
  /** Path of the program, wanted by mode pasta alone. */
  pasta?: string | undefined;
}

export interface BridgePlace {
  addresses: string[];
  resolvers: string[];
  gateway: string | undefined;
  /** Where its members reach the host; undefined where they don't. */
  host: string | undefined;
  /** One of its networks has a way out. */
  out: boolean;
}

export interface NetworkPlan {
  /** The container's namespace: the host's, a new one, or the one at a path. */
  namespace: 'host' | 'new' | { path: string };
  /** For the launcher's plan: `network-helper`, `network-helper-inside`, `network-api`. */
  operations: string[][];
  sysctls: Record<string, string>;
  /** Texts by their path in the container. */
  files: Record<string, string>;
  /** The container's IPv4 address, where it has one of its own. */
  address: string | undefined;
  gateway: string | undefined;
  /** Sentences for the user: what works, but not as one may think. */
  notices: string[];
}

function readHosts(): string {
  try {
    return readFileSync('/etc/hosts', 'utf8');
  } catch {
    return '127.0.0.1\tlocalhost\n';
  }
}

interface Place {
  address: string;
  hostAddress: string | undefined;
  base?: string;
  /** undefined: the host's network. */
  reach: ResolverReach | undefined;
}

function filesOf(wish: NetworkWish, place: Place): Record<string, string> {
  const resolv = resolvConfText(wish.dns, place.reach);
  const { address, base } = place;
  const hosts = hostsText({
    base,
    names: [wish.hostname, wish.containerName],
    address,
    hostAddress: place.hostAddress,
    extra: wish.addHosts,
  });
  return {
    '/etc/hosts': hosts,
    '/etc/hostname': `${wish.hostname}\n`,
    ...(resolv !== undefined && { '/etc/resolv.conf': resolv }),
  };
}

/** Plans the network. Throws PodError `unsupported` for what the mode can't do. */
export function planNetwork(wish: NetworkWish): NetworkPlan {
  const nothing = { operations: [], sysctls: {}, address: undefined, gateway: undefined, notices: [] };
  const { mode } = wish;
  switch (mode.kind) {
    case 'none':
      return {
        ...nothing,
        namespace: 'new',
        sysctls: namespaceSysctls(wish.gidMap),
        files: filesOf(wish, {
          address: '127.0.0.1',
          hostAddress: undefined,
          reach: { own: [], ipv6: false },
        }),
      };
    case 'host':
      return {
        ...nothing,
        namespace: 'host',
        files: filesOf(wish, {
          address: '127.0.0.1',
          hostAddress: '127.0.0.1',
          base: readHosts(),
          reach: undefined,
        }),
      };
    case 'path':
      // Nobody here knows where it leads: the host's servers may be reached, its loopback can't be.
      return {
        ...nothing,
        namespace: { path: mode.path },
        files: filesOf(wish, {
          address: '127.0.0.1',
          hostAddress: undefined,
          reach: { own: [], ipv6: true },
        }),
      };
    case 'bridge':
      return bridgeNetwork(wish);
    case 'slirp4netns':
      return slirp4netnsNetwork(wish, mode);
    case 'pasta':
      return pastaNetwork(wish, mode);
  }
}

/** How the container's resolver gets out: those of its networks know all names, and ask the host's themselves. */
export function bridgeReach({ resolvers, out }: Pick<BridgePlace, 'resolvers' | 'out'>): ResolverReach {
  return { own: resolvers, ipv6: false, alone: resolvers.length > 0 || !out };
}

/** What fills the namespace is decided at each start: core/network/operations.ts. */
function bridgeNetwork(wish: NetworkWish): NetworkPlan {
  if (!wish.bridge) throw new Error('mode bridge without its networks');
  const { addresses, resolvers, gateway, host } = wish.bridge;
  const address = addresses[0]!;
  const deaf = wish.dns.servers.length > 0 && resolvers.length > 0 && !wish.dns.servers.includes('none');
  return {
    namespace: 'new',
    operations: [],
    sysctls: namespaceSysctls(wish.gidMap),
    files: filesOf(wish, {
      address,
      hostAddress: host,
      reach: bridgeReach(wish.bridge),
    }),
    address,
    gateway,
    notices: deaf ? ['with --dns this container does not find the others of its network by name'] : [],
  };
}

function slirp4netnsNetwork(
  wish: NetworkWish,
  { options }: Extract<NetworkMode, { kind: 'slirp4netns' }>,
): NetworkPlan {
  if (!wish.slirp4netns) throw new Error('mode slirp4netns without its program');
  const { guest, gateway, dns } = slirp4netnsAddresses(options.cidr);
  const operations = slirp4netnsPlan({
    program: wish.slirp4netns,
    options,
    ports: wish.ports,
    apiSocket: API_SOCKET,
  });
  return {
    namespace: 'new',
    operations,
    sysctls: namespaceSysctls(wish.gidMap),
    files: filesOf(wish, {
      address: guest,
      hostAddress: options.allowHostLoopback ? gateway : hostAddress(),
      reach: { own: [dns], ipv6: options.enableIpv6 },
    }),
    address: guest,
    gateway,
    notices: options.allowHostLoopback ? [] : loopbackNotices(wish.ports),
  };
}

/** The host's own addresses and routes, unless its options say others. */
function pastaNetwork(wish: NetworkWish, { options }: Extract<NetworkMode, { kind: 'pasta' }>): NetworkPlan {
  if (!wish.pasta) throw new Error('mode pasta without its program');
  const { words, mapGateway } = options;
  const resolver = pastaResolver(options, hostServers());
  const routed = routedAddress(pastaValue(words, '-i', '--interface', '--outbound-if4'));
  const address = pastaAddress(options) ?? routed;
  const gateway = pastaValue(words, '-g', '--gateway');
  return {
    namespace: 'new',
    operations: pastaPlan({ program: wish.pasta, options, ports: wish.ports, resolver }),
    sysctls: namespaceSysctls(wish.gidMap),
    files: filesOf(wish, {
      address: address ?? '127.0.0.1',
      hostAddress: (mapGateway && gateway) || hostAddress(undefined, address),
      reach: { own: resolver ? [resolver] : [], ipv6: true },
    }),
    address,
    gateway,
    notices: [],
  };
}

/** slirp4netns.ts, last fact: an answer by UDP doesn't get to the host's loopback while that is closed. */
function loopbackNotices(ports: readonly PortMapping[]): string[] {
  const [first, ...others] = ports.filter((port) => port.protocol === 'udp');
  if (!first) return [];
  const more = others.length > 0 ? ` (and ${others.length} more)` : '';
  return [
    `${formatHostPort(first)}${more} answers at the host's network addresses but not at 127.0.0.1: for that, add --network slirp4netns:allow_host_loopback=true`,
  ];
}
