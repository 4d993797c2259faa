/** What a RUN is as a container: the flags that `run` would have been given. */

import type { ContainerOptions } from '../../container/options.ts';
import type { BuildOptions } from '../options.ts';

export interface RunWish {
  readonly argv: readonly string[];
  /** `NAME=VALUE`, beside the stage's own. */
  readonly env: readonly string[];
  readonly network: string | undefined;
  readonly privileged: boolean;
  /** As --mount has them. */
  readonly mounts: readonly string[];
  /** As `run --secret` has them. */
  readonly secrets: readonly string[];
}

/** As in docker's builder: what a command finds by it is the same in each build. */
const HOSTNAME = 'buildkitsandbox';

export function runOptions(build: BuildOptions, wish: RunWish): ContainerOptions {
  const { argv, env, network, privileged, mounts, secrets } = wish;
  const [entrypoint, ...command] = argv;
  return {
    image: '',
    entrypoint: JSON.stringify([entrypoint]),
    command,
    env: [...env],
    mount: [...mounts],
    ownSources: true,
    secret: [...secrets],
    network: network === undefined ? [] : [network],
    privileged,
    addHost: [...build.addHost],
    ulimit: [...build.ulimit],
    shmSize: build.shmSize,
    resources: build.resources,
    storageDriver: build.storageDriver,
    ...(network === 'host' ? {} : { hostname: HOSTNAME }),
    ...{ dns: [], dnsSearch: [], dnsOption: [], publish: [], publishAll: false, expose: [] },
    ...{ envFile: [], volume: [], volumesFrom: [], device: [], tmpfs: [], imageVolume: 'ignore' },
    ...{ groupAdd: [], readOnly: false, readOnlyTmpfs: false, capAdd: [], capDrop: [], securityOpt: [] },
    ...{ sysctl: [], label: [], labelFile: [], annotation: [], init: false, uidmap: [], gidmap: [] },
    health: { none: true, onFailure: 'none' },
    ...{ interactive: false, tty: false, detach: false, attach: [], sigProxy: true, rm: false },
    ...{ logDriver: 'none', logOpt: [], pull: 'never', preserveFds: 0 },
  };
}
