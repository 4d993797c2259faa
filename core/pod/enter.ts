import type { CreateContext } from '../container/create.ts';
import type { ContainerOptions } from '../container/options.ts';
import { startContainer } from '../container/start.ts';
import { containerState, isUp } from '../container/state.ts';
import { readRecord } from '../container/store.ts';
import { PodError } from '../error.ts';
import { createPod } from './create.ts';
import type { PodRecord } from './record.ts';
import { emitPodEvent, findPod } from './store.ts';

function invalid(message: string, why: string, hint: string): PodError {
  return new PodError({ code: 'usage', message, why, hint });
}

/** The options of a container in a pod: the namespaces that the pod shares are the infra container's, unless others are asked for. */
export function optionsInPod(options: ContainerOptions, pod: PodRecord): ContainerOptions {
  const inPod = { id: pod.id, infra: false };
  const restart = options.restart ?? pod.restart;
  if (pod.infra === undefined) return { ...options, inPod, restart };
  if (options.userns || options.uidmap.length + options.gidmap.length > 0)
    throw invalid(
      'cannot use --userns, --uidmap or --gidmap together with --pod',
      'all containers of a pod have its id map',
      'tsc-pod pod create --userns …',
    );
  const shares = new Set(pod.shared);
  const infra = `container:${pod.infra}`;
  const network = shares.has('net') && options.network.length === 0;
  if (network && (options.publish.length > 0 || options.publishAll))
    throw invalid(
      `cannot publish ports of a container in pod ${pod.name}`,
      'the network is shared: its ports are published when the pod is made',
      'tsc-pod pod create -p …',
    );
  if (options.hostname && shares.has('uts') && !options.uts)
    throw invalid(
      `cannot set the host name of a container in pod ${pod.name}`,
      'the UTS namespace is shared: its host name is set when the pod is made',
      'tsc-pod pod create --hostname …',
    );
  return {
    ...options,
    inPod,
    restart,
    userns: infra,
    ...(network && { network: [infra] }),
    ...(shares.has('ipc') && { ipc: options.ipc || infra }),
    ...(shares.has('pid') && { pid: options.pid || infra }),
    ...(shares.has('uts') && { uts: options.uts || infra }),
    ...(shares.has('cgroup') && { cgroupns: options.cgroupns || infra }),
  };
}

/** The network of `--pod new:NAME` is the new pod's, so what was asked of the container's is asked of that. */
async function newPod(name: string, options: ContainerOptions, context: CreateContext): Promise<PodRecord> {
  return createPod(
    {
      ...options,
      shmSize: undefined,
      securityOpt: [],
      sysctl: [],
      name: name || undefined,
      label: [],
      labelFile: [],
      infra: true,
      replace: false,
      restart: undefined,
      exitPolicy: 'continue',
    },
    context,
  );
}

const WITHOUT_NETWORK = {
  network: [],
  publish: [],
  addHost: [],
  dns: [],
  dnsOption: [],
  dnsSearch: [],
  hostname: undefined,
  userns: undefined,
  uidmap: [],
  gidmap: [],
};

/** What `--pod` makes of the options of a container; its pod is made where that was asked for. */
export async function enterPod(options: ContainerOptions, context: CreateContext): Promise<ContainerOptions> {
  if (options.pod === undefined) return options;
  if (!options.pod.startsWith('new:')) return optionsInPod(options, findPod(context.paths, options.pod));
  const pod = await newPod(options.pod.slice(4), options, context);
  return optionsInPod({ ...options, ...WITHOUT_NETWORK, pod: pod.name }, pod);
}

/** Starts the infra container of a pod unless it runs. */
export async function startInfra(host: Pick<CreateContext, 'paths' | 'host'>, pod: PodRecord): Promise<void> {
  const infra = pod.infra === undefined ? undefined : readRecord(host.paths, pod.infra);
  if (!infra || isUp(containerState(host.paths, infra).status)) return;
  await startContainer(infra, host);
  emitPodEvent(host.paths, pod, 'start');
}
