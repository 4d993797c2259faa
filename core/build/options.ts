/** What a user asks of a build: the flags of `build`, as typed, before anything is looked up. */

import type { ResourceFlags } from '../container/flags/resource-options.ts';
import type { PullPolicy } from '../images/pull/pull-options.ts';

export interface BuildOptions {
  /** A folder, `-` (standard input: a Dockerfile or a tar), a URL or a git repository. */
  context: string;
  /** -f: relative to the working directory, else to the context; `-`: standard input; undefined: Dockerfile, then Containerfile. */
  file?: string | undefined;
  /** -t; the first is shown. */
  tags: readonly string[];
  /** `NAME=VALUE`, or `NAME` for the caller's own. */
  buildArgs: readonly string[];
  /** The list that what is built is added to, in the place of its images for the same platforms; made where there is none. */
  manifest?: string | undefined;
  /** Name or number of the last stage to build. */
  target?: string | undefined;
  noCache: boolean;
  /** Names of stages that are built anew. */
  noCacheFilter: readonly string[];
  pull: PullPolicy;
  /** `linux/arm64`; none: this machine's. Of several the images become a list. */
  platforms: readonly string[];
  /** `KEY=VALUE` */
  labels: readonly string[];
  /** `KEY=VALUE`, before it what it is for: `index:`, `manifest[linux/arm64]:`. */
  annotations: readonly string[];
  /** `id=x,src=file` or `id=x,env=NAME` */
  secrets: readonly string[];
  /** `default`, `id=socket-or-key` */
  ssh: readonly string[];
  /** `NAME=folder`, `NAME=docker-image://…`, `NAME=https://…`, `NAME=oci-layout://…` */
  buildContexts: readonly string[];
  cacheFrom: readonly string[];
  cacheTo: readonly string[];
  /** Of RUN: default, none or host, or a network's name. */
  network?: string | undefined;
  addHost: readonly string[];
  ulimit: readonly string[];
  shmSize?: string | undefined;
  /** RUN instructions may use `--security=insecure`, `--network=host`: `security.insecure`, `network.host`. */
  allow: readonly string[];
  resources: ResourceFlags;
  /** The layers that this build makes become one. */
  squash: boolean;
  /** All layers become one. */
  squashAll: boolean;
  /** false: no step's result is kept for later builds, and the new layers become one (buildah's --layers=false). */
  layers: boolean;
  format: 'oci' | 'docker';
  /** The image's id is written there. */
  iidfile?: string | undefined;
  /** `type=local,dest=…`; none: an image in the store. */
  outputs: readonly string[];
  /** --source-date-epoch: seconds, or none of it. Times in layers, history and config are no later. */
  sourceDateEpoch?: number | undefined;
  /** --timestamp: seconds. All times are this one. */
  timestamp?: number | undefined;
  /** How many steps run at a time; 0: as many as there are processors. */
  jobs: number;
  storageDriver?: string | undefined;
  signaturePolicy?: string | undefined;
}
