import { join } from 'node:path';
import type { BridgeWish } from '../../netns/bridge-options.ts';
import { assignHostPorts, type HostPortFacts, hostPortFacts } from '../../netns/host-port.ts';
import { planNetwork } from '../../netns/network.ts';
import type { BridgePlace } from '../../netns/network-files.ts';
import { findPasta } from '../../netns/pasta.ts';
import type { PortMapping, PortRequest } from '../../netns/port.ts';
import { findSlirp4netns } from '../../netns/slirp4netns-program.ts';
import type { IdMaps } from '../../rootless/id-map.ts';
import type { OciNamespace, OciSpec } from '../../rootless/oci-spec.ts';
import type { Operation } from '../../rootless/plan.ts';
import { PodError } from '../error.ts';
import type { Paths } from '../paths.ts';
import { readNetworkOptions } from './flags/network-options.ts';
import type { ContainerOptions } from './options.ts';
import type { ContainerRecord, NetworkAttachment } from './record.ts';

export interface NetworkContext {
  id: string;
  name: string;
  /** Keys of the image's ExposedPorts: `80/tcp`. */
  imageExposed: string[];
  environment: NodeJS.ProcessEnv;
  paths: Paths;
  maps: IdMaps;
  /** It is started at once. */
  starts: boolean;
  /** Whose network it shares, with that one's config.json; `host`: one that has the host's. */
  shared: { record: ContainerRecord; spec: OciSpec } | 'host' | undefined;
  /** Of the UTS namespace, where that is not its own. */
  hostname: string | undefined;
  /** It has a user namespace of its own. */
  ownUser: boolean;
  notice: (line: string) => void;
}

/** A container's network, decided. */
export interface ContainerNetwork {
  mode: string;
  /** undefined: the host's. */
  namespace: OciNamespace | undefined;
  hostname: string;
  operations: Operation[];
  /** Texts by their path in the container. */
  files: Record<string, string>;
  /** Files of the container whose network it shares, by their path in the container. */
  shared: Record<string, string>;
  sysctls: Record<string, string>;
  ports: PortMapping[];
  /** `80/tcp` */
  exposed: string[];
  address: string | undefined;
  networks?: NetworkAttachment[] | undefined;
}

/** Refuses ports and networks that can't be had, before an image is fetched or anything is made. */
export async function checkNetwork(paths: Paths, options: ContainerOptions, starts: boolean): Promise<void> {
  const { publish, mode } = readNetworkOptions(options);
  if (mode.kind === 'bridge')
    await (await import('../network/attach.ts')).checkNetworks(paths, mode.networks);
  if (publish.length > 0) await assignHostPorts(publish, portFacts(paths, starts));
}

/** Ports of the host's, with the names of containers that have them. */
export function containerPortFacts(paths: Paths): HostPortFacts {
  return hostPortFacts(async (mapping) => (await import('./port-owner.ts')).portOwner(paths, mapping));
}

/** What is only made may have a port that is taken now: its start tells. */
function portFacts(paths: Paths, starts: boolean): HostPortFacts {
  const facts = containerPortFacts(paths);
  return starts ? facts : { ...facts, mayBeTaken: true };
}

export async function networkOf(
  options: ContainerOptions,
  context: NetworkContext,
): Promise<ContainerNetwork> {
  const { shared } = context;
  if (shared && shared !== 'host') return sharedNetwork(shared, context.hostname);
  const flags = shared === 'host' ? { ...options, network: ['host'] } : options;
  const wish = readNetworkOptions(flags, context.imageExposed);
  if (wish.mode.kind === 'container') throw new Error('a shared network without its container');
  const hostname =
    wish.hostname ??
    context.hostname ??
    (wish.mode.kind === 'host' ? (await import('node:os')).hostname() : context.id.slice(0, 12));
  const ports =
    wish.publish.length > 0
      ? await assignHostPorts(wish.publish, portFacts(context.paths, context.starts))
      : [];
  const slirp4netns =
    wish.mode.kind === 'slirp4netns'
      ? await findSlirp4netns({
          searchPath: context.environment.PATH,
          cacheFile: join(context.paths.cache, 'slirp4netns.json'),
        })
      : undefined;
  const attached =
    wish.mode.kind === 'bridge' ? await attachmentsOf(wish.mode.networks, wish.publish, context) : undefined;
  const plan = planNetwork({
    mode: wish.mode,
    bridge: attached?.place,
    ports,
    hostname,
    containerName: context.name,
    dns: wish.dns,
    addHosts: wish.addHosts,
    noHosts: options.noHosts,
    gidMap: context.maps.gid,
    slirp4netns,
    pasta: wish.mode.kind === 'pasta' ? findPasta(context.environment.PATH) : undefined,
  });
  [...wish.notices, ...plan.notices].forEach(context.notice);
  const { namespace } = plan;
  return {
    mode: wish.mode.kind === 'path' ? `ns:${wish.mode.path}` : wish.mode.kind,
    namespace:
      namespace === 'host'
        ? undefined
        : namespace === 'new'
          ? { type: 'network' }
          : { type: 'network', path: namespace.path },
    hostname,
    operations: plan.operations,
    files: plan.files,
    shared: {},
    sysctls: plan.sysctls,
    ports,
    exposed: wish.exposed.map(({ port, protocol }) => `${port}/${protocol}`),
    address: plan.address,
    networks: attached?.networks,
  };
}

async function attachmentsOf(
  wishes: readonly BridgeWish[],
  publish: readonly PortRequest[],
  { paths, id, ownUser }: NetworkContext,
): Promise<{ networks: NetworkAttachment[]; place: BridgePlace }> {
  if (!ownUser)
    throw new PodError({
      code: 'usage',
      message: `cannot use --network ${wishes[0]!.network} here`,
      why: 'the container is in the user namespace of another, which is not that of the networks',
      hint: 'share no namespace, or all: --network container:NAME',
    });
  const { attach } = await import('../network/attach.ts');
  return attach(paths, id, wishes, publish);
}

const SHARED_FILES = ['/etc/hosts', '/etc/hostname', '/etc/resolv.conf'];

/** Its files are the other's too, whatever that one has there; and its own host name, as docker does. */
function sharedNetwork(
  { record, spec }: { record: ContainerRecord; spec: OciSpec },
  hostname: string | undefined,
): ContainerNetwork {
  const mode = `container:${record.id}`;
  const files = SHARED_FILES.flatMap((path) => {
    const source = spec.mounts.find((mount) => mount.destination === path)?.source;
    return source === undefined ? [] : [[path, source] as const];
  });
  return {
    mode,
    namespace: { type: 'network', path: mode },
    hostname: hostname ?? spec.hostname ?? '',
    operations: [],
    files: {},
    shared: Object.fromEntries(files),
    sysctls: {},
    ports: [],
    exposed: [],
    address: record.network.address,
  };
}
