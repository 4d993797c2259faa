import type { PortMapping } from '../../netns/port.ts';
import { readSpec } from '../container/store.ts';
import type { Paths } from '../paths.ts';
import { podStatus } from './status.ts';
import type { ListedPod } from './store.ts';

function portBindings(ports: readonly PortMapping[]): Record<string, { HostIp: string; HostPort: string }[]> {
  const bindings: Record<string, { HostIp: string; HostPort: string }[]> = {};
  for (const { hostIp, hostPort, containerPort, protocol } of ports) {
    const key = `${containerPort}/${protocol}`;
    bindings[key] = [...(bindings[key] ?? []), { HostIp: hostIp, HostPort: String(hostPort) }];
  }
  return bindings;
}

/** What `pod inspect` shows, in podman's shape. */
export function inspectPod(paths: Paths, { pod, containers }: ListedPod): Record<string, unknown> {
  const infra = containers.find(({ record }) => record.infra)?.record;
  const spec = infra && readSpec(paths, infra.id);
  return {
    Id: pod.id,
    Name: pod.name,
    Created: pod.created,
    ExitPolicy: pod.exitPolicy,
    State: podStatus(containers.map(({ state }) => state.status)),
    Hostname: pod.hostname,
    Labels: pod.labels,
    CreateCgroup: false,
    CreateInfra: pod.infra !== undefined,
    InfraContainerID: pod.infra ?? '',
    ...(infra && {
      InfraConfig: {
        PortBindings: portBindings(infra.network.ports),
        HostNetwork: infra.network.mode === 'host',
        NetworkMode: infra.network.mode,
        Hostname: spec?.hostname ?? '',
        pid_ns: infra.namespaces?.pid ?? 'private',
        userns: infra.namespaces?.user ?? 'host',
        uts_ns: infra.namespaces?.uts ?? 'private',
      },
    }),
    SharedNamespaces: pod.shared,
    RestartPolicy: pod.restart ?? 'no',
    NumContainers: containers.length,
    Containers: containers.map(({ record, state }) => ({
      Id: record.id,
      Name: record.name,
      State: state.status,
    })),
  };
}
