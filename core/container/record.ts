/** A container as it lies on disk: containers/<id>/ with config.json (OCI), container.json (this), and its files. */

import type { PortMapping } from '../../netns/port.ts';
import type { IdMaps } from '../../rootless/id-map.ts';
import type { DriverName } from '../../rootless/overlay/driver.ts';
import type { Operation } from '../../rootless/plan.ts';
import type { Healthcheck } from '../images/format/types.ts';
import type { NotifyMode } from '../systemd/sdnotify.ts';
import type { AskedOptions } from './asked.ts';
import type { HealthSettings } from './flags/health-options.ts';
import type { RestartPolicy } from './flags/restart-policy.ts';
import type { SecretUse } from './flags/secret-flag.ts';
import type { ProcessIdentity } from './process-identity.ts';

export interface LogSettings {
  driver: 'k8s-file' | 'json-file' | 'journald' | 'none' | 'passthrough';
  /** Bytes at which the log is rotated; 0: never. */
  maxSize: number;
  maxFiles: number;
  /** Absolute; undefined: `log` in the container's directory. */
  path?: string | undefined;
  /** What is told with each line: `tag`, and the labels and variables that --log-opt labels and env name. */
  attributes?: Record<string, string> | undefined;
}

export interface VolumeUse {
  name: string;
  destination: string;
  /** Nobody named it: it goes with the last container that uses it, if that is removed with its volumes. */
  anonymous: boolean;
  /** Where its files are, if not in the store: a directory of the host. */
  source?: string | undefined;
  /** Only this path of it is mounted. */
  subpath?: string | undefined;
  /** It is a tmpfs, of those that run with it. */
  memory?: boolean | undefined;
  /** The container can't write to it. */
  readOnly?: boolean | undefined;
  /** While it is empty, the first start copies what the image has at `destination` into it. */
  fill?: boolean | undefined;
  /** Whom it belongs to, in the container's ids, if the image has nothing there; absent: the container's user. */
  owner?: { uid: number; gid: number } | undefined;
}

/** A directory of the host, or an image, that the container sees without being able to change it. */
export interface OverlayUse {
  destination: string;
  /** Absolute. Either this or `layers`. */
  directory?: string | undefined;
  /** The image's id, and the hex diff ids of its layers, the lowest first. */
  image?: string | undefined;
  layers?: string[] | undefined;
  subpath?: string | undefined;
  /** It can be written to, and what is written goes away at the container's end. */
  writable: boolean;
}

/**
 * How a container comes by each namespace, but for the network's: `private` (its own), `host`, `container:ID` (another
 * container's), `ns:PATH`; of ipc also `shareable` (its own, others may join) and `none` (its own, without /dev/shm);
 * of user also what --userns takes.
 */
export interface NamespaceModes {
  ipc: string;
  pid: string;
  uts: string;
  user: string;
  cgroup: string;
}

/** A bridge network that a container is in. */
export interface NetworkAttachment {
  name: string;
  /** Of the network. */
  id: string;
  /** In the container: eth0, eth1 … */
  interface: string;
  /** `7e:5c:…` */
  mac: string;
  /** With their prefixes: `10.89.0.2/24`. Leased (core/network/leases.ts). */
  addresses: string[];
  /** By which other members find it, beside its name and its id's beginning. */
  aliases: string[];
}

export interface ContainerRecord {
  version: 1;
  id: string;
  name: string;
  /** RFC 3339. */
  created: string;
  /** Of `run`: the process that goes on to start it, and the machine's boot id then. */
  starter?: (ProcessIdentity & { boot: string }) | undefined;
  /** As the user named it, its canonical name and its id. */
  image: { asked: string; name: string; id: string; digest: string };
  /** Entrypoint and command, as they run. */
  args: string[];
  /** The options of `run` or `create` that were given, for `inspect`. */
  asked?: AskedOptions | undefined;
  /** The command line that made it. */
  createCommand?: string[] | undefined;
  entrypoint: string[];
  command: string[];
  labels: Record<string, string>;
  annotations: Record<string, string>;
  driver: DriverName;
  /** Hex diff ids of the image's layers, the lowest first. */
  layers: string[];
  maps: IdMaps;
  network: {
    /** none, host, slirp4netns, pasta, ns:PATH, container:ID, or bridge: see `networks`. */
    mode: string;
    ports: PortMapping[];
    /** `80/tcp` */
    exposed: string[];
    operations: Operation[];
    /** The container's own IPv4 address. */
    address: string | undefined;
    /** With mode bridge: those that it is in, in the order of its interfaces. */
    networks?: NetworkAttachment[] | undefined;
  };
  /** Absent: all private. joins.ts tells which other containers it needs. */
  namespaces?: NamespaceModes | undefined;
  /** Id of the pod that it is in. */
  pod?: string | undefined;
  /** It holds the namespaces of its pod, and is no image's: process 1 is the launcher. */
  infra?: boolean | undefined;
  log: LogSettings;
  interactive: boolean;
  tty: boolean;
  autoRemove: boolean;
  init: boolean;
  privileged: boolean;
  stopSignal: string;
  /** Seconds. */
  stopTimeout: number;
  detachKeys: string;
  /** undefined: no. */
  restart?: RestartPolicy | undefined;
  /** Absent: nothing was asked, which is `container` but in a unit of `generate systemd`. */
  sdnotify?: NotifyMode | undefined;
  /** The user as the image or --user names it, and the volumes of the image, for `inspect`. */
  config?: { user: string; volumes: string[] } | undefined;
  pidfile?: string | undefined;
  volumes: VolumeUse[];
  overlays?: OverlayUse[] | undefined;
  secrets?: SecretUse[] | undefined;
  /** Destinations of the mounts that flags or the image have asked for, in the order of the spec: what is shown to users. */
  userMounts?: string[] | undefined;
  /** Mount's destination -> the line to print below an error of that mount. */
  hints: Record<string, string>;
  /** As docker shows it; `health` is how it is made. */
  healthcheck?: Healthcheck | undefined;
  health?: HealthSettings | undefined;
}
