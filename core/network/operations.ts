import { join } from 'node:path';
import { bareAddress } from '../../netns/address.ts';
import { publishPlan } from '../../netns/publish.ts';
import { serversBehind } from '../../netns/resolv-conf.ts';
import { checkSlirp4netnsPort, uplinkArgv } from '../../netns/slirp4netns.ts';
import { SLIRP4NETNS_GATEWAY6, slirp4netnsAddresses } from '../../netns/slirp4netns-options.ts';
import { findSlirp4netns, type Slirp4netnsProgram } from '../../netns/slirp4netns-program.ts';
import { overlaps, parseSubnet } from '../../netns/subnet.ts';
import { launchPrefix } from '../../rootless/cgroup/plan.ts';
import { mapPlan } from '../../rootless/id-map.ts';
import { nestMaps } from '../../rootless/nested-maps.ts';
import { encodePlan, type Operation } from '../../rootless/plan.ts';
import type { HostFacts } from '../container/facts.ts';
import type { ContainerRecord, NetworkAttachment } from '../container/record.ts';
import { PodError } from '../error.ts';
import { launcherPath } from '../launcher.ts';
import type { Paths } from '../paths.ts';
import {
  allowsHostLoopback,
  type DefaultRoute,
  defaultRoutes,
  type Membership,
  membershipOf,
  routedNetwork,
  subnetsOut,
} from './membership.ts';
import type { NetworkRecord } from './store.ts';

/** What a container needs of the hub (rootless/native/hub.h) to be in its networks. */
export interface BridgeOperations {
  membership: Membership;
  /** Its id map, as ids of the hub's user namespace. */
  maps: Operation[];
  operations: Operation[];
}

export function hubDirectory(paths: Pick<Paths, 'runtime'>): string {
  return join(paths.runtime, 'hub');
}

const MTU = 65520; // what slirp4netns is fastest with, and no less than a veth can carry

function mtuOf({ options }: NetworkRecord): string {
  return options.mtu ?? options['com.docker.network.driver.mtu'] ?? String(MTU);
}

/** Where the host's loopback is for the network's members; undefined where it is out of reach. */
export function hostLoopback(network: NetworkRecord): string | undefined {
  const allowed = !network.internal && allowsHostLoopback(network);
  if (!allowed) return undefined;
  const four = network.subnets.some(({ gateway }) => !gateway.includes(':'));
  return four ? slirp4netnsAddresses(uplinkCidr(network)).gateway : SLIRP4NETNS_GATEWAY6;
}

/** The uplink's own addresses are none of the network's. */
function uplinkCidr({ subnets }: NetworkRecord): string {
  const used = subnets.map(({ subnet }) => parseSubnet(subnet)!);
  const free = ['10.0.2.0/24', '10.0.3.0/24', '172.31.255.0/24'].find(
    (cidr) => !used.some((subnet) => overlaps(subnet, parseSubnet(cidr)!)),
  );
  if (free) return free;
  throw new PodError({
    code: 'unsupported',
    message: 'cannot find addresses for the uplink',
    why: 'the network has all of them',
  });
}

/** The network as its first member brings it to the hub. */
function networkOperations(network: NetworkRecord, program: Slirp4netnsProgram | undefined): Operation[] {
  const cidr = uplinkCidr(network);
  const six = subnetsOut(network).filter(({ gateway }) => gateway.includes(':'));
  const link = { cidr, allowHostLoopback: allowsHostLoopback(network), enableIpv6: six.length > 0 };
  const bridge = network.subnets.map(({ subnet, gateway }) => `${gateway}/${parseSubnet(subnet)!.prefix}`);
  return [
    ['bridge', ...bridge],
    ...(program
      ? [
          ['uplink', ...uplinkArgv(program, link)],
          ...six.map(({ gateway, subnet }) => ['uplink6', gateway, subnet]),
        ]
      : []),
    ...(network.dns ? [['resolver', ...(program ? [slirp4netnsAddresses(cidr).dns] : [])]] : []),
  ];
}

function memberOperations(
  record: Pick<ContainerRecord, 'name' | 'asked'>,
  network: NetworkRecord,
  attachment: NetworkAttachment,
  routes: readonly DefaultRoute[],
): Operation[] {
  const names = [record.name, ...attachment.aliases];
  return [
    ['link', attachment.interface, attachment.mac, mtuOf(network)],
    ...attachment.addresses.map((address) => ['address', address]),
    ...routes.filter(({ id }) => id === network.id).map(({ gateway }) => ['route', gateway]),
    ...names.map((name) => ['name', name]),
    ...serversBehind(record.asked?.dns ?? []).map((server) => ['dns', server]),
  ];
}

/** `hub-attach` of one network. */
export function attachOperation(
  record: Pick<ContainerRecord, 'name' | 'asked'>,
  network: NetworkRecord,
  attachment: NetworkAttachment,
  { program, routes }: { program: Slirp4netnsProgram | undefined; routes: readonly DefaultRoute[] },
): Operation {
  const plan = [
    ...networkOperations(network, network.internal ? undefined : program),
    ...memberOperations(record, network, attachment, routes),
  ];
  return ['hub-attach', network.id, encodePlan('run', plan)];
}

/** Tells the hub of networks that the container is in already what they are to it now. */
export function hubChanges({ operations }: Pick<BridgeOperations, 'operations'>): Operation[] {
  return operations.filter(([name]) => name === 'hub-attach').map(([, ...words]) => ['hub-change', ...words]);
}

function findUplink(paths: Paths): Promise<Slirp4netnsProgram> {
  return findSlirp4netns({ searchPath: process.env.PATH, cacheFile: join(paths.cache, 'slirp4netns.json') });
}

function hubPlan(paths: Paths, host: HostFacts): Operation {
  const { way } = host.cgroups;
  const base = way?.kind === 'direct' ? join(way.parent, 'tsc-pod-hub') : 'self';
  const group = way && (way.kind !== 'direct' || !way.evacuate);
  const directory = hubDirectory(paths);
  const plan = [
    ['runtime', directory],
    ...mapPlan(host.defaultMaps),
    ...(group
      ? [
          ['cgroup-base', base, 'optional'],
          ['cgroup-container', 'container'],
        ]
      : []),
  ];
  const prefix = group ? launchPrefix(host.cgroups, 'hub-@pid@') : [];
  return [
    'hub',
    directory,
    encodePlan('hub', plan),
    ...prefix,
    ...(prefix.length > 0 ? [launcherPath()] : []),
  ];
}

/** Of a container in a network that has a way out. Throws PodError `unsupported`. */
function publishOperations(
  { network: { ports } }: ContainerRecord,
  network: NetworkRecord,
  { addresses }: NetworkAttachment,
): Operation[] {
  for (const port of ports) checkSlirp4netnsPort(port, {});
  const targets = addresses.map(bareAddress).flatMap((address) => {
    const subnet = network.subnets.find(({ gateway }) => gateway.includes(':') === address.includes(':'));
    return subnet ? [{ address, gateway: subnet.gateway }] : [];
  });
  return publishPlan(ports, targets);
}

/** All of it for a start. Throws PodError `not-found` for a network that is gone. */
export async function bridgeOperations(
  paths: Paths,
  host: HostFacts,
  record: ContainerRecord,
): Promise<BridgeOperations> {
  const membership = membershipOf(paths, record);
  const { networks, attached } = membership;
  const out = routedNetwork(networks);
  const program = out && (await findUplink(paths));
  const routes = defaultRoutes(networks);
  const attach = attached.map((attachment, index) =>
    attachOperation(record, networks[index]!, attachment, { program, routes }),
  );
  const member = attached.find(({ id }) => id === out?.id);
  const ports = out && member ? publishOperations(record, out, member) : [];
  return {
    membership,
    maps: mapPlan({ ...record.maps, ...nestMaps(record.maps, host.defaultMaps), helpers: undefined }),
    operations: [hubPlan(paths, host), ...attach, ...ports],
  };
}
