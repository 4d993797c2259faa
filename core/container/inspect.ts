import { join } from 'node:path';
import type { Paths } from '../paths.ts';
import { type Health, readHealth } from './health.ts';
import { logPath } from './log-settings.ts';
import type { ContainerRecord } from './record.ts';
import { type ContainerState, containerState, isUp } from './state.ts';
import { containerDirectory, readSpec } from './store.ts';

const NEVER = '0001-01-01T00:00:00Z'; // Go's zero time, which docker shows

/** RFC 3339 of seconds since the epoch; 0 is never. */
function time(seconds: number): string {
  return seconds > 0 ? new Date(seconds * 1000).toISOString() : NEVER;
}

function stateOf(state: ContainerState, health: Health | undefined): object {
  return {
    Status: state.status,
    Running: isUp(state.status),
    Paused: state.status === 'paused',
    Restarting: state.status === 'restarting',
    OOMKilled: state.oomKilled,
    Dead: false,
    Pid: state.pid,
    ConmonPid: isUp(state.status) ? (state.monitor?.pid ?? 0) : 0,
    ExitCode: state.exitCode,
    Error: state.error,
    StartedAt: time(state.startedAt),
    FinishedAt: time(state.finishedAt),
    ...(health && { Health: health }),
  };
}

/** docker's PortMap: `80/tcp` -> where it is published, null where it is only exposed. */
function portsOf(record: ContainerRecord): Record<string, { HostIp: string; HostPort: string }[] | null> {
  const ports: Record<string, { HostIp: string; HostPort: string }[] | null> = {};
  for (const port of record.network.exposed) ports[port] = null;
  for (const { hostIp, hostPort, containerPort, protocol } of record.network.ports) {
    const key = `${containerPort}/${protocol}`;
    ports[key] = [...(ports[key] ?? []), { HostIp: hostIp, HostPort: String(hostPort) }];
  }
  return ports;
}

/** What `inspect` shows of a container, in docker's shape; undefined when it is gone. */
export function inspectContainer(paths: Paths, record: ContainerRecord): Record<string, unknown> | undefined {
  const spec = readSpec(paths, record.id);
  if (!spec) return undefined;
  const directory = containerDirectory(paths, record.id);
  const { process, linux } = spec;
  const file = (name: string) => join(directory, name);
  const ports = portsOf(record);
  const state = containerState(paths, record);
  const mounts = spec.mounts.filter(
    (mount) =>
      mount.type === 'bind' && !mount.source?.startsWith(directory) && !mount.destination.startsWith('/dev/'),
  );
  return {
    Id: record.id,
    Created: record.created,
    Path: process.args[0],
    Args: process.args.slice(1),
    State: stateOf(state, readHealth(paths, record)),
    Image: `sha256:${record.image.id}`,
    ImageName: record.image.name,
    ImageDigest: record.image.digest,
    Name: record.name,
    RestartCount: state.restarts,
    Driver: record.driver,
    Platform: 'linux',
    LogPath: record.log.driver.endsWith('-file') ? logPath(paths, record) : '',
    ResolvConfPath: file('resolv.conf'),
    HostnamePath: file('hostname'),
    HostsPath: file('hosts'),
    OCIConfigPath: file('config.json'),
    GraphDriver: {
      Name: record.driver,
      Data: { UpperDir: file(record.driver === 'copy' ? 'copy' : 'upper'), WorkDir: file('work') },
    },
    Mounts: mounts.map((mount) => {
      const volume = record.volumes.find((one) => one.destination === mount.destination);
      return {
        Type: volume ? 'volume' : 'bind',
        ...(volume && { Name: volume.name }),
        Source: mount.source,
        Destination: mount.destination,
        Mode: '',
        Options: mount.options ?? [],
        RW: !mount.options?.includes('ro'),
        Propagation: mount.options?.find((word) => /^r?(private|shared|slave)$/.test(word)) ?? '',
      };
    }),
    Config: {
      Hostname: spec.hostname ?? '',
      Domainname: spec.domainname ?? '',
      User: `${process.user.uid}:${process.user.gid}`,
      AttachStdin: record.interactive,
      OpenStdin: record.interactive,
      Tty: record.tty,
      Env: process.env,
      Cmd: record.command,
      Entrypoint: record.entrypoint,
      Image: record.image.asked,
      WorkingDir: process.cwd,
      Labels: record.labels,
      Annotations: record.annotations,
      StopSignal: record.stopSignal,
      StopTimeout: record.stopTimeout,
      ...(record.healthcheck && { Healthcheck: record.healthcheck }),
    },
    HostConfig: {
      NetworkMode: record.network.mode,
      PortBindings: Object.fromEntries(Object.entries(ports).filter(([, value]) => value)),
      AutoRemove: record.autoRemove,
      RestartPolicy: { Name: record.restart.name, MaximumRetryCount: record.restart.maximum },
      Init: record.init,
      Privileged: record.privileged,
      ReadonlyRootfs: spec.root.readonly ?? false,
      LogConfig: {
        Type: record.log.driver,
        Config: { 'max-size': String(record.log.maxSize), 'max-file': String(record.log.maxFiles) },
      },
      CapAdd: process.capabilities.bounding,
      Sysctls: linux.sysctl ?? {},
      Memory: linux.resources?.memory?.limit ?? 0,
      MemorySwap: linux.resources?.memory?.swap ?? 0,
      MemoryReservation: linux.resources?.memory?.reservation ?? 0,
      CpuShares: linux.resources?.cpu?.shares ?? 0,
      CpuQuota: linux.resources?.cpu?.quota ?? 0,
      CpuPeriod: linux.resources?.cpu?.period ?? 0,
      CpusetCpus: linux.resources?.cpu?.cpus ?? '',
      CpusetMems: linux.resources?.cpu?.mems ?? '',
      PidsLimit: linux.resources?.pids?.limit ?? 0,
      UidMap: linux.uidMappings ?? [],
      GidMap: linux.gidMappings ?? [],
      Ulimits: (process.rlimits ?? []).map(({ type, soft, hard }) => ({
        Name: type,
        Soft: soft,
        Hard: hard,
      })),
    },
    NetworkSettings: { Ports: ports },
  };
}
