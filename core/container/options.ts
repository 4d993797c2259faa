/** What a user asks of a container: the flags of `run` and `create`, as typed, before anything is looked up. */

import type { HealthFlags } from './flags/health-options.ts';
import type { ResourceFlags } from './flags/resource-options.ts';

export interface ContainerOptions {
  image: string;
  /** What follows the image on the command line. */
  command: string[];
  name?: string | undefined;
  hostname?: string | undefined;
  domainname?: string | undefined;
  env: string[];
  envFile: string[];
  volume: string[];
  volumesFrom: string[];
  mount: string[];
  /** What `mount` binds was made by this program, and may belong to any id of the container's: a build's caches and sockets. */
  ownSources?: boolean | undefined;
  tmpfs: string[];
  /** What becomes of the image's own volumes. */
  imageVolume: 'anonymous' | 'bind' | 'ignore' | 'tmpfs';
  workdir?: string | undefined;
  user?: string | undefined;
  groupAdd: string[];
  entrypoint?: string | undefined;
  readOnly: boolean;
  /** With `readOnly`: /run, /tmp and /var/tmp can be written to. */
  readOnlyTmpfs: boolean;
  privileged: boolean;
  capAdd: string[];
  capDrop: string[];
  securityOpt: string[];
  secret: string[];
  device: string[];
  ulimit: string[];
  sysctl: string[];
  label: string[];
  labelFile: string[];
  annotation: string[];
  init: boolean;
  stopSignal?: string | undefined;
  /** Seconds. */
  stopTimeout?: number | undefined;
  shmSize?: string | undefined;
  umask?: string | undefined;
  network: string[];
  /** In the one bridge network that it is in. */
  ip?: string | undefined;
  ip6?: string | undefined;
  macAddress?: string | undefined;
  /** Further names in all its bridge networks. */
  networkAlias?: string[];
  publish: string[];
  publishAll: boolean;
  expose: string[];
  addHost: string[];
  /** The image's own /etc/hosts stays. */
  noHosts?: boolean;
  dns: string[];
  dnsSearch: string[];
  dnsOption: string[];
  userns?: string | undefined;
  uidmap: string[];
  gidmap: string[];
  ipc?: string | undefined;
  pid?: string | undefined;
  uts?: string | undefined;
  cgroupns?: string | undefined;
  /** Name or id of a pod, or `new:NAME`. */
  pod?: string | undefined;
  /** The same, looked up; `infra`: it is to hold the namespaces of the pod. */
  inPod?: { id: string; infra: boolean } | undefined;
  health: HealthFlags;
  resources: ResourceFlags;
  interactive: boolean;
  tty: boolean;
  detach: boolean;
  /** Of `run` without -d: stdin, stdout, stderr; none: as many as make sense. */
  attach: string[];
  /** Of `run` without -d: signals go on to the container. */
  sigProxy: boolean;
  restart?: string | undefined;
  sdnotify?: string | undefined;
  rm: boolean;
  logDriver?: string | undefined;
  logOpt: string[];
  detachKeys?: string | undefined;
  cidfile?: string | undefined;
  pidfile?: string | undefined;
  pull: 'always' | 'missing' | 'never' | 'newer';
  platform?: string | undefined;
  /** Descriptors from 3 on that the command gets. */
  preserveFds: number;
  storageDriver?: string | undefined;
}
