import { join } from 'node:path';
import { assignHostPorts } from '../../netns/host-port.ts';
import { planNetwork } from '../../netns/network.ts';
import type { PortMapping } from '../../netns/port.ts';
import { findSlirp4netns } from '../../netns/slirp4netns-program.ts';
import type { IdMaps } from '../../rootless/id-map.ts';
import type { OciNamespace } from '../../rootless/oci-spec.ts';
import type { Operation } from '../../rootless/plan.ts';
import type { Paths } from '../paths.ts';
import { readNetworkOptions } from './network-options.ts';
import type { ContainerOptions } from './options.ts';

export interface NetworkContext {
  id: string;
  name: string;
  /** Keys of the image's ExposedPorts: `80/tcp`. */
  imageExposed: string[];
  environment: NodeJS.ProcessEnv;
  paths: Paths;
  maps: IdMaps;
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
  sysctls: Record<string, string>;
  ports: PortMapping[];
  /** `80/tcp` */
  exposed: string[];
  address: string | undefined;
}

/** Refuses ports that can't be had, before an image is fetched or anything is made. */
export async function checkPublished(options: ContainerOptions): Promise<void> {
  const { publish } = readNetworkOptions(options);
  if (publish.length > 0) await assignHostPorts(publish);
}

export async function networkOf(
  options: ContainerOptions,
  context: NetworkContext,
): Promise<ContainerNetwork> {
  const wish = readNetworkOptions(options, context.imageExposed);
  const hostname =
    wish.hostname ??
    (wish.mode.kind === 'host' ? (await import('node:os')).hostname() : context.id.slice(0, 12));
  const ports = wish.publish.length > 0 ? await assignHostPorts(wish.publish) : [];
  const slirp4netns =
    wish.mode.kind === 'slirp4netns'
      ? await findSlirp4netns({
          searchPath: context.environment.PATH,
          cacheFile: join(context.paths.cache, 'slirp4netns.json'),
        })
      : undefined;
  const plan = planNetwork({
    mode: wish.mode,
    ports,
    hostname,
    containerName: context.name,
    dns: wish.dns,
    addHosts: wish.addHosts,
    gidMap: context.maps.gid,
    slirp4netns,
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
    sysctls: plan.sysctls,
    ports,
    exposed: wish.exposed.map(({ port, protocol }) => `${port}/${protocol}`),
    address: plan.address,
  };
}
