import type { ThrottleDevice } from '../../../rootless/cgroup/resources.ts';
import type { OciSpec } from '../../../rootless/oci-spec.ts';
import { networkNames } from '../network-names.ts';
import type { ContainerRecord } from '../record.ts';
import { portMap } from './inspect-network.ts';

/** Docker's HostConfig: how the container meets the host, in the user's words where they are known. */
export function shownHostConfig(record: ContainerRecord, spec: OciSpec, logFile: string): object {
  const { asked = {}, namespaces, log, restart } = record;
  const ports = Object.entries(portMap(record)).filter(([, value]) => value);
  return {
    Binds: asked.volume ?? [],
    ContainerIDFile: asked.cidfile ?? '',
    LogConfig: {
      Type: log.driver,
      Config: { 'max-size': String(log.maxSize), 'max-file': String(log.maxFiles) },
      Path: logFile,
    },
    NetworkMode: networkNames(record)[0],
    PortBindings: Object.fromEntries(ports),
    PublishAllPorts: asked.publishAll ?? false,
    RestartPolicy: { Name: restart?.name ?? 'no', MaximumRetryCount: restart?.maximum ?? 0 },
    AutoRemove: record.autoRemove,
    Init: record.init,
    VolumeDriver: '',
    VolumesFrom: asked.volumesFrom ?? null,
    CapAdd: (asked.capAdd ?? []).map(capabilityName),
    CapDrop: (asked.capDrop ?? []).map(capabilityName),
    Privileged: record.privileged,
    SecurityOpt: asked.securityOpt ?? [],
    MaskedPaths: spec.linux.maskedPaths ?? [],
    ReadonlyPaths: spec.linux.readonlyPaths ?? [],
    ReadonlyRootfs: spec.root.readonly ?? false,
    Dns: asked.dns ?? [],
    DnsOptions: asked.dnsOption ?? [],
    DnsSearch: asked.dnsSearch ?? [],
    ExtraHosts: asked.addHost ?? [],
    GroupAdd: asked.groupAdd ?? [],
    IpcMode: namespaces?.ipc ?? asked.ipc ?? 'private',
    PidMode: namespaces?.pid ?? asked.pid ?? 'private',
    UTSMode: namespaces?.uts ?? asked.uts ?? 'private',
    UsernsMode: namespaces?.user ?? asked.userns ?? '',
    CgroupnsMode: namespaces?.cgroup ?? asked.cgroupns ?? 'private',
    Cgroups: 'default',
    CgroupParent: '',
    Links: null,
    ShmSize: shmSize(spec),
    Tmpfs: Object.fromEntries((asked.tmpfs ?? []).map(splitTmpfs)),
    Sysctls: spec.linux.sysctl ?? {},
    Ulimits: (spec.process.rlimits ?? []).map(({ type, soft, hard }) => ({
      Name: type,
      Soft: soft,
      Hard: hard,
    })),
    OomScoreAdj: spec.process.oomScoreAdj ?? 0,
    Runtime: 'tsc-pod',
    ConsoleSize: [spec.process.consoleSize?.height ?? 0, spec.process.consoleSize?.width ?? 0],
    UidMap: spec.linux.uidMappings ?? [],
    GidMap: spec.linux.gidMappings ?? [],
    ...limits(record, spec),
  };
}

function limits({ asked }: ContainerRecord, { linux }: OciSpec): object {
  const { memory, cpu, pids, blockIO } = linux.resources ?? {};
  return {
    Memory: memory?.limit ?? 0,
    MemorySwap: memory?.swap ?? 0,
    MemoryReservation: memory?.reservation ?? 0,
    MemorySwappiness: null,
    OomKillDisable: asked?.resources?.oomKillDisable ?? false,
    NanoCpus: Math.round(Number(asked?.resources?.cpus ?? 0) * 1e9),
    CpuShares: cpu?.shares ?? 0,
    CpuQuota: cpu?.quota ?? 0,
    CpuPeriod: cpu?.period ?? 0,
    CpuRealtimePeriod: 0,
    CpuRealtimeRuntime: 0,
    CpusetCpus: cpu?.cpus ?? '',
    CpusetMems: cpu?.mems ?? '',
    PidsLimit: pids?.limit ?? 0,
    BlkioWeight: blockIO?.weight ?? 0,
    BlkioWeightDevice: (blockIO?.weightDevice ?? []).map(({ major, minor, weight }) => ({
      Path: `${major}:${minor}`,
      Weight: weight ?? 0,
    })),
    BlkioDeviceReadBps: rates(blockIO?.throttleReadBpsDevice),
    BlkioDeviceWriteBps: rates(blockIO?.throttleWriteBpsDevice),
    BlkioDeviceReadIOps: rates(blockIO?.throttleReadIOPSDevice),
    BlkioDeviceWriteIOps: rates(blockIO?.throttleWriteIOPSDevice),
    Devices: (asked?.device ?? []).map(splitDevice),
  };
}

function rates(devices: readonly ThrottleDevice[] = []): object[] {
  return devices.map(({ major, minor, rate }) => ({ Path: `${major}:${minor}`, Rate: rate }));
}

function capabilityName(word: string): string {
  const name = word.toUpperCase();
  return name === 'ALL' || name.startsWith('CAP_') ? name : `CAP_${name}`;
}

/** `/host[:/container][:rwm]` */
function splitDevice(text: string): object {
  const [host = '', second, third] = text.split(':');
  const container = second?.startsWith('/') ? second : host;
  const mode = third ?? (second && !second.startsWith('/') ? second : 'rwm');
  return { PathOnHost: host, PathInContainer: container, CgroupPermissions: mode };
}

function splitTmpfs(text: string): [path: string, options: string] {
  const colon = text.indexOf(':');
  return colon < 0 ? [text, ''] : [text.slice(0, colon), text.slice(colon + 1)];
}

const UNITS: Record<string, number> = { k: 1024, m: 1024 ** 2, g: 1024 ** 3 };

/** Bytes; 0 where /dev/shm is not the container's own. */
function shmSize({ mounts }: OciSpec): number {
  const options = mounts.find(({ destination }) => destination === '/dev/shm')?.options ?? [];
  const [, number, unit = ''] =
    /^size=(\d+)([kmg]?)$/i.exec(options.find((word) => word.startsWith('size=')) ?? '') ?? [];
  return Number(number ?? 0) * (UNITS[unit.toLowerCase()] ?? 1);
}
