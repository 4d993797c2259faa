import { join } from 'node:path';
import type { OciSpec } from '../../../rootless/oci-spec.ts';
import type { Paths } from '../../paths.ts';
import type { SecretUse } from '../flags/secret-flag.ts';
import { type Health, readHealth } from '../health.ts';
import { logPath } from '../log/log-settings.ts';
import { joinsOf } from '../namespaces/joins.ts';
import type { ContainerRecord } from '../record.ts';
import { type ContainerState, containerState, isUp } from '../state.ts';
import { containerDirectory, readSpec } from '../store.ts';
import { shownHostConfig } from './inspect-host-config.ts';
import { shownMounts } from './inspect-mounts.ts';
import { shownNetwork } from './inspect-network.ts';

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
    Health: health, // undefined is a field, too: templates ask `if .State.Health`
  };
}

/** Docker's Config: what the container itself is told, and what it was made of. */
function shownConfig(record: ContainerRecord, spec: OciSpec): object {
  const { process } = spec;
  const { config, asked = {} } = record;
  const ports = [
    ...record.network.exposed,
    ...record.network.ports.map((one) => `${one.containerPort}/${one.protocol}`),
  ];
  const empty = (keys: readonly string[]) => Object.fromEntries(keys.map((key) => [key, {}]));
  return {
    Hostname: spec.hostname ?? '',
    Domainname: spec.domainname ?? '',
    User: config?.user ?? `${process.user.uid}:${process.user.gid}`,
    AttachStdin: record.interactive,
    AttachStdout: !asked.detach,
    AttachStderr: !asked.detach,
    ExposedPorts: empty(ports),
    Tty: record.tty,
    OpenStdin: record.interactive,
    StdinOnce: false,
    Env: process.env,
    Cmd: record.command,
    Image: record.image.asked,
    Volumes: config?.volumes.length ? empty(config.volumes) : null,
    WorkingDir: process.cwd,
    Entrypoint: record.entrypoint.length > 0 ? record.entrypoint : null,
    OnBuild: null,
    Labels: record.labels,
    Annotations: record.annotations,
    StopSignal: record.stopSignal,
    StopTimeout: record.stopTimeout,
    Umask: (process.user.umask ?? 0o022).toString(8).padStart(4, '0'),
    Healthcheck: record.healthcheck,
    ...(record.secrets && { Secrets: record.secrets.map(shownSecret) }),
    ...(record.health && { HealthcheckOnFailureAction: record.health.onFailure }),
    ...(record.createCommand && { CreateCommand: record.createCommand }),
  };
}

/** podman's Config.Secrets. */
function shownSecret({ name, id, uid, gid, mode }: SecretUse): object {
  return { Name: name, ID: id, UID: uid, GID: gid, Mode: mode };
}

/** What `inspect` shows of a container, in docker's shape; undefined when it is gone. */
export function inspectContainer(paths: Paths, record: ContainerRecord): Record<string, unknown> | undefined {
  const spec = readSpec(paths, record.id);
  if (!spec) return undefined;
  const directory = containerDirectory(paths, record.id);
  const { process } = spec;
  const file = (name: string) => join(directory, name);
  const logFile = record.log.driver.endsWith('-file') ? logPath(paths, record) : '';
  const state = containerState(paths, record);
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
    LogPath: logFile,
    ResolvConfPath: file('resolv.conf'),
    HostnamePath: file('hostname'),
    HostsPath: file('hosts'),
    OCIConfigPath: file('config.json'),
    StaticDir: directory,
    PidFile: record.pidfile ?? '',
    Pod: record.pod ?? '',
    IsInfra: record.infra ?? false,
    Dependencies: [...joinsOf(record).keys()],
    ExecIDs: null,
    AppArmorProfile: '',
    MountLabel: '',
    ProcessLabel: '',
    GraphDriver: {
      Name: record.driver,
      Data: { UpperDir: file(record.driver === 'copy' ? 'copy' : 'upper'), WorkDir: file('work') },
    },
    BoundingCaps: process.capabilities.bounding,
    EffectiveCaps: process.capabilities.effective,
    Mounts: shownMounts(record, spec),
    Config: shownConfig(record, spec),
    HostConfig: shownHostConfig(record, spec, logFile),
    NetworkSettings: shownNetwork(record, state),
  };
}
