/** The facts of `info`: podman's sections and docker's flat names, for the templates of either. */

import { readFileSync, statfsSync, statSync } from 'node:fs';
import { availableParallelism, freemem, hostname, loadavg, totalmem, uptime } from 'node:os';
import { cgroupFacts } from '../../rootless/cgroup/facts.ts';
import { currentUser, findProgram, hostIdMap } from '../../rootless/id-map.ts';
import { ownerShift } from '../../rootless/id-map-shift.ts';
import type { IdRange } from '../../rootless/id-range.ts';
import { kernelRelease } from '../../rootless/kernel-release.ts';
import { type Driver, driverFor } from '../../rootless/overlay/driver.ts';
import { fileSystemOf } from '../../rootless/overlay/file-system.ts';
import { loadRegistriesConfig } from '../config/registries-conf.ts';
import { hostFacts } from '../container/facts.ts';
import { probeOverlay } from '../container/probe-overlay.ts';
import { containerState } from '../container/state.ts';
import { listIds } from '../container/store.ts';
import { PodError, wholeMessage } from '../error.ts';
import { eventsFile } from '../events.ts';
import { readIndex } from '../images/layout.ts';
import { listStored } from '../images/list.ts';
import type { Paths } from '../paths.ts';
import { hostPlatform } from '../platform.ts';
import { isLingering, isSystemdHere } from '../systemd/host.ts';
import { restartUnit } from '../systemd/restart-unit.ts';
import { versionReport } from './version.ts';

type Environment = Record<string, string | undefined>;

export interface InfoWish {
  paths: Paths;
  environment: Environment;
  storageDriver?: string | undefined;
}

export type Info = Awaited<ReturnType<typeof readInfo>>;

export async function readInfo(wish: InfoWish) {
  const host = readHost(wish.environment, wish.paths);
  const store = await readStore(wish);
  const registries = await readRegistries(wish.environment);
  const version = versionReport();
  return { host, store, registries, version, ...flat(host, store, version, wish.environment) };
}

function readHost(environment: Environment, paths: Paths) {
  const user = currentUser();
  const maps = hostIdMap(user);
  const cgroups = cgroupFacts(user.uid, environment);
  const { os, architecture } = hostPlatform();
  const distribution = osRelease();
  const load = loadavg();
  return {
    arch: architecture,
    cgroupControllers: cgroups.controllers,
    cgroupManager:
      cgroups.way === undefined ? 'none' : cgroups.way.kind === 'systemd' ? 'systemd' : 'cgroupfs',
    cgroupVersion: cgroups.mode === 'unified' ? 'v2' : cgroups.mode === 'hybrid' ? 'v1 and v2' : cgroups.mode,
    cpus: availableParallelism(),
    distribution: {
      distribution: distribution.get('ID') ?? 'unknown',
      version: distribution.get('VERSION_ID') ?? '',
    },
    hostname: hostname(),
    idMappings: {
      uidmap: named(maps.uid),
      gidmap: named(maps.gid),
      ...(maps.reason && { reason: maps.reason }),
    },
    kernel: kernelRelease(),
    linger: isSystemdHere() ? isLingering() : 'no systemd',
    loadAverage: load.map((one) => Math.round(one * 100) / 100),
    logDriver: 'k8s-file',
    memFree: freemem(),
    memTotal: totalmem(),
    networkHelper: findProgram('slirp4netns', environment.PATH) ?? 'none',
    os,
    pid: process.pid,
    restartUnit: restartUnit(paths, environment) ?? { path: '', state: 'no systemd' },
    rlimits: { nofile: limitOf('Max open files'), nproc: limitOf('Max processes') },
    security: {
      apparmorEnabled: text('/sys/module/apparmor/parameters/enabled').trim() === 'Y',
      rootless: user.uid !== 0,
      seccompEnabled: text('/proc/sys/kernel/seccomp/actions_avail') !== '',
      selinuxEnabled: statSync('/sys/fs/selinux/enforce', { throwIfNoEntry: false }) !== undefined,
    },
    swapFree: memoryOf('SwapFree'),
    swapTotal: memoryOf('SwapTotal'),
    uptime: `${Math.floor(uptime() / 3600)}h ${Math.floor((uptime() % 3600) / 60)}m`,
  };
}

async function readStore({ paths, environment, storageDriver }: InfoWish) {
  const driver = await chosenDriver(paths, environment, storageDriver);
  const containers = { number: 0, running: 0, paused: 0, restarting: 0, stopped: 0 };
  for (const id of listIds(paths)) {
    containers.number++;
    const { status } = containerState(paths, { id });
    if (status === 'running' || status === 'paused' || status === 'restarting') containers[status]++;
    else containers.stopped++;
  }
  return {
    graphDriverName: driver.name,
    graphDriverReason: driver.reason,
    graphRoot: paths.data,
    ...space(paths.data),
    backingFilesystem: fileSystemOf(paths.data),
    runRoot: paths.runtime,
    volumePath: paths.volumes,
    containerStore: containers,
    imageStore: { number: images(paths) },
    eventLog: eventsFile(paths),
  };
}

/** A list that can't be read is what `system check` tells of. */
function images(paths: Paths): number {
  try {
    return readIndex(paths).manifests.length && listStored(paths).length;
  } catch {
    return 0;
  }
}

/** In bytes. */
function space(directory: string) {
  const { bsize, blocks, bfree, bavail } = statfsSync(directory);
  return {
    graphRootAllocated: blocks * bsize,
    graphRootUsed: (blocks - bfree) * bsize,
    graphRootFree: bavail * bsize,
  };
}

/** `info` tells of a driver that can't be used; it doesn't fail for it. */
async function chosenDriver(
  paths: Paths,
  environment: Environment,
  wish: string | undefined,
): Promise<Driver> {
  const maps = hostIdMap();
  const probe = () => probeOverlay(paths, hostFacts(environment));
  try {
    return await driverFor({ wish, dataRoot: paths.data, shift: ownerShift(maps, maps), probe });
  } catch (error) {
    if (!(error instanceof PodError) || error.code === 'usage') throw error;
    return { name: 'copy', reason: wholeMessage(error) };
  }
}

async function readRegistries(environment: Environment) {
  const config = await loadRegistriesConfig(environment);
  return { search: config.search };
}

function flat(
  host: ReturnType<typeof readHost>,
  store: Awaited<ReturnType<typeof readStore>>,
  version: ReturnType<typeof versionReport>,
  environment: Environment,
) {
  const has = (controller: string) => host.cgroupControllers.includes(controller);
  return {
    Architecture: host.arch,
    CgroupDriver: host.cgroupManager,
    CgroupVersion: host.cgroupVersion === 'v2' ? '2' : '1',
    Containers: store.containerStore.number,
    ContainersPaused: store.containerStore.paused,
    ContainersRunning: store.containerStore.running,
    ContainersStopped: store.containerStore.stopped,
    DockerRootDir: store.graphRoot,
    DefaultRuntime: 'tsc-pod',
    Driver: store.graphDriverName,
    DriverStatus: [
      ['Backing Filesystem', store.backingFilesystem],
      ['Reason', store.graphDriverReason],
    ],
    Images: store.imageStore.number,
    KernelVersion: host.kernel,
    LiveRestoreEnabled: true,
    LoggingDriver: host.logDriver,
    MemTotal: host.memTotal,
    MemoryLimit: has('memory'),
    NCPU: host.cpus,
    Name: host.hostname,
    OSType: host.os,
    OSVersion: host.distribution.version,
    PidsLimit: has('pids'),
    Plugins: {
      Volume: ['local'],
      Network: ['bridge', 'slirp4netns', 'pasta', 'none', 'host'],
      Log: ['k8s-file', 'json-file', 'none', 'passthrough'],
    },
    Rootless: host.security.rootless,
    Runtimes: { 'tsc-pod': { path: process.execPath } },
    SwapLimit: has('memory'),
    SystemTime: new Date().toISOString(),
    CpuCfsPeriod: has('cpu'),
    CpuCfsQuota: has('cpu'),
    CPUShares: has('cpu'),
    CPUSet: has('cpuset'),
    HttpProxy: environment.HTTP_PROXY ?? environment.http_proxy ?? '',
    HttpsProxy: environment.HTTPS_PROXY ?? environment.https_proxy ?? '',
    NoProxy: environment.NO_PROXY ?? environment.no_proxy ?? '',
    IndexServerAddress: 'https://index.docker.io/v1/',
    InitBinary: 'tsc-pod',
    Swarm: { LocalNodeState: 'inactive' },
    Warnings: host.cgroupControllers.length > 0 ? [] : ['no cgroup is delegated: limits can not be set'],
    OperatingSystem: osRelease().get('PRETTY_NAME') ?? host.distribution.distribution,
    SecurityOptions: [
      ...(host.security.seccompEnabled ? ['name=seccomp,profile=builtin'] : []),
      ...(host.security.rootless ? ['name=rootless'] : []),
    ],
    ServerVersion: version.Version,
  };
}

function named(ranges: IdRange[]) {
  return ranges.map(({ container, host, size }) => ({ container_id: container, host_id: host, size }));
}

/** os-release(5). */
function osRelease(): Map<string, string> {
  const fields = new Map<string, string>();
  for (const match of (text('/etc/os-release') || text('/usr/lib/os-release')).matchAll(
    /^(\w+)=(["']?)(.*)\2$/gm,
  )) {
    fields.set(match[1] ?? '', match[3] ?? '');
  }
  return fields;
}

/** In bytes; proc_meminfo(5). */
function memoryOf(key: string): number {
  return Number(new RegExp(`^${key}:\\s+(\\d+) kB`, 'm').exec(text('/proc/meminfo'))?.[1] ?? 0) * 1024;
}

/** `SOFT:HARD`, proc_pid_limits(5). */
function limitOf(name: string): string {
  const [, soft = '', hard = ''] =
    new RegExp(`^${name}\\s+(\\S+)\\s+(\\S+)`, 'm').exec(text('/proc/self/limits')) ?? [];
  return `${soft}:${hard}`;
}

function text(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
