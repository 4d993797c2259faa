import type { IdMaps } from '../../rootless/id-map.ts';
import type { OciNamespace } from '../../rootless/oci-spec.ts';
import type { Operation } from '../../rootless/plan.ts';
import { PodError } from '../error.ts';
import type { Paths } from '../paths.ts';
import type { ContainerOptions } from './options.ts';

export interface NetworkContext {
  id: string;
  name: string;
  /** Ports that the image exposes: `80/tcp`. */
  exposed: string[];
  environment: NodeJS.ProcessEnv;
  paths: Paths;
  maps: IdMaps;
}

/** A container's network, decided. */
export interface ContainerNetwork {
  mode: string;
  /** undefined: the host's. */
  namespace: OciNamespace | undefined;
  hostname: string;
  operations: Operation[];
  /** Texts of /etc/hosts, /etc/resolv.conf and /etc/hostname. */
  files: Record<string, string>;
  sysctls: Record<string, string>;
  ports: [];
  exposed: string[];
}

export async function networkOf(
  options: ContainerOptions,
  context: NetworkContext,
): Promise<ContainerNetwork> {
  const mode = options.network[0] ?? 'none';
  if (mode !== 'none')
    throw new PodError({ code: 'unsupported', message: 'only --network none for the moment' });
  const hostname = options.hostname ?? context.id.slice(0, 12);
  return {
    mode,
    namespace: { type: 'network' },
    hostname,
    operations: [],
    files: {
      '/etc/hosts': '127.0.0.1 localhost\n',
      '/etc/hostname': `${hostname}\n`,
      '/etc/resolv.conf': '',
    },
    sysctls: {},
    ports: [],
    exposed: [],
  };
}
