/** The container that holds the namespaces of a pod: made as any other, of no image. */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ContainerOptions } from '../container/options.ts';
import { containerDirectory } from '../container/store.ts';
import type { ImageRecord } from '../images/format/types.ts';
import type { Paths } from '../paths.ts';
import { hostPlatform } from '../platform.ts';

const NAME = 'localhost/tsc-pod-pause:latest';

/** Stands where an image's record would. */
export function pauseImage(): ImageRecord {
  return {
    id: '',
    names: [NAME],
    digest: '',
    listDigest: undefined,
    mediaType: '',
    created: undefined,
    size: 0,
    platform: hostPlatform(),
    config: { architecture: '', os: 'linux', rootfs: { type: 'layers', diff_ids: [] }, config: {} },
    diffIds: [],
    layers: [],
  } as unknown as ImageRecord;
}

/** What of a pod's flags is for its infra container. */
export type InfraFlags = Pick<
  ContainerOptions,
  | 'addHost'
  | 'dns'
  | 'dnsOption'
  | 'dnsSearch'
  | 'gidmap'
  | 'hostname'
  | 'network'
  | 'noHosts'
  | 'pid'
  | 'publish'
  | 'securityOpt'
  | 'shmSize'
  | 'sysctl'
  | 'uidmap'
  | 'userns'
  | 'uts'
>;

export function infraOptions(pod: string, name: string, flags: InfraFlags): ContainerOptions {
  return {
    ...flags,
    image: NAME,
    command: ['pause'],
    name,
    inPod: { id: pod, infra: true },
    env: [],
    envFile: [],
    volume: [],
    volumesFrom: [],
    secret: [],
    mount: [],
    tmpfs: [],
    imageVolume: 'ignore',
    groupAdd: [],
    readOnly: true,
    readOnlyTmpfs: false,
    privileged: false,
    capAdd: [],
    capDrop: ['ALL'],
    device: [],
    ulimit: [],
    label: [],
    labelFile: [],
    annotation: [],
    init: false,
    publishAll: false,
    expose: [],
    health: { none: false, onFailure: 'none' },
    resources: { oomScoreAdj: undefined, oomKillDisable: false } as ContainerOptions['resources'],
    interactive: false,
    tty: false,
    detach: true,
    attach: [],
    sigProxy: false,
    rm: false,
    logDriver: 'none',
    logOpt: [],
    pull: 'never',
    preserveFds: 0,
    storageDriver: 'copy',
  };
}

/** Its mount points: where the user's own id isn't mapped, root of the container couldn't make them. */
export function makeInfraRoot(paths: Paths, id: string): void {
  const root = join(containerDirectory(paths, id), 'copy');
  mkdirSync(join(root, 'dev/shm'), { recursive: true, mode: 0o755 });
  for (const name of ['etc', 'proc']) mkdirSync(join(root, name), { mode: 0o755 });
  for (const name of ['hosts', 'hostname', 'resolv.conf']) writeFileSync(join(root, 'etc', name), '');
}
