/** One container's network as a whole: its namespace, and the operations that fill it. */

import { isLoopback } from './address.ts';
import type { NetworkMode } from './mode.ts';
import { type FilesWish, networkFiles, pastaPlace } from './network-files.ts';
import { pastaPlan } from './pasta.ts';
import type { PortMapping } from './port.ts';
import { slirp4netnsPlan } from './slirp4netns.ts';
import { slirp4netnsAddresses } from './slirp4netns-options.ts';
import type { Slirp4netnsProgram } from './slirp4netns-program.ts';
import { type MappedRange, namespaceSysctls } from './sysctls.ts';

/** Relative: the launcher works in the container's runtime directory, whose path may be too long for unix(7). */
const API_SOCKET = 'slirp4netns.sock';

export interface NetworkWish extends FilesWish {
  /** Chosen and found free: host-port.ts. */
  ports: readonly PortMapping[];
  gidMap: readonly MappedRange[];
  /** Wanted by mode slirp4netns alone. */
  slirp4netns?: Slirp4netnsProgram | undefined;
  /** Path of the program, wanted by mode pasta alone. */
  pasta?: string | undefined;
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

/** Plans the network. Throws PodError `unsupported` for what the mode can't do. */
export function planNetwork(wish: NetworkWish): NetworkPlan {
  const nothing = { operations: [], sysctls: {}, address: undefined, gateway: undefined, notices: [] };
  const { mode } = wish;
  const files = networkFiles(wish);
  switch (mode.kind) {
    case 'none':
      return { ...nothing, namespace: 'new', sysctls: namespaceSysctls(wish.gidMap), files };
    case 'host':
      return { ...nothing, namespace: 'host', files };
    case 'path':
      return { ...nothing, namespace: { path: mode.path }, files };
    case 'bridge':
      return { ...bridgeNetwork(wish), files };
    case 'slirp4netns':
      return { ...slirp4netnsNetwork(wish, mode), files };
    case 'pasta':
      return { ...pastaNetwork(wish, mode), files };
  }
}

/** What fills the namespace is decided at each start: core/network/operations.ts. */
function bridgeNetwork(wish: NetworkWish): Omit<NetworkPlan, 'files'> {
  if (!wish.bridge) throw new Error('mode bridge without its networks');
  const { addresses, resolvers, gateway } = wish.bridge;
  const { servers } = wish.dns;
  const deaf = resolvers.length > 0 && servers.some(isLoopback);
  return {
    namespace: 'new',
    operations: [],
    sysctls: namespaceSysctls(wish.gidMap),
    address: addresses[0],
    gateway,
    notices: deaf
      ? [
          'with a --dns server at its own loopback this container does not find the others of its network by name',
        ]
      : [],
  };
}

function slirp4netnsNetwork(
  wish: NetworkWish,
  { options }: Extract<NetworkMode, { kind: 'slirp4netns' }>,
): Omit<NetworkPlan, 'files'> {
  if (!wish.slirp4netns) throw new Error('mode slirp4netns without its program');
  const { guest, gateway } = slirp4netnsAddresses(options.cidr);
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
    address: guest,
    gateway,
    notices: [],
  };
}

/** The host's own addresses and routes, unless its options say others. */
function pastaNetwork(
  wish: NetworkWish,
  { options }: Extract<NetworkMode, { kind: 'pasta' }>,
): Omit<NetworkPlan, 'files'> {
  if (!wish.pasta) throw new Error('mode pasta without its program');
  const { address, gateway, resolver } = pastaPlace(options);
  return {
    namespace: 'new',
    operations: pastaPlan({ program: wish.pasta, options, ports: wish.ports, resolver }),
    sysctls: namespaceSysctls(wish.gidMap),
    address,
    gateway,
    notices: [],
  };
}
