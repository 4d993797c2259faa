/** The facts of `info`: podman's sections and docker's flat names, for the templates of either. */

import { readFileSync, statSync } from 'node:fs';
import { availableParallelism, freemem, hostname, release, totalmem, uptime } from 'node:os';
import { cgroupFacts } from '../../rootless/cgroup/facts.ts';
import { currentUser, findProgram, hostIdMap } from '../../rootless/id-map.ts';
import { ownerShift } from '../../rootless/id-map-shift.ts';
import type { IdRange } from '../../rootless/id-range.ts';
import { type Driver, driverFor } from '../../rootless/overlay/driver.ts';
import { fileSystemOf } from '../../rootless/overlay/file-system.ts';
import { loadRegistriesConfig } from '../config/registries-conf.ts';
import { hostFacts } from '../container/facts.ts';
import { probeOverlay } from '../container/probe-overlay.ts';
import { containerState } from '../container/state.ts';
import { listIds } from '../container/store.ts';
import { PodError } from '../error.ts';
import { listImages } from '../images/find.ts';
import type { Paths } from '../paths.ts';
import { hostPlatform } from '../platform.ts';
import { versionReport } from './version.ts';

type Environment = Record<string, string | undefined>;

export interface InfoWish {
  paths: Paths;
  environment: Environment;
  storageDriver?: string | undefined;
}

export type Info = Awaited<ReturnType<typeof readInfo>>;

export async function readInfo(wish: InfoWish) {
  const host = readHost(wish.environment);
  const store = await readStore(wish);
  const registries = await readRegistries(wish.environment);
  const version = versionReport();
  return { host, store, registries, version, ...flat(host, store, version) };
}

function readHost(environment: Environment) {
  const user = currentUser();
  const maps = hostIdMap(user);
  const cgroups = cgroupFacts(user.uid, environment);
  const { os, architecture } = hostPlatform();
  const distribution = osRelease();
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
    kernel: release(),
    memFree: freemem(),
    memTotal: totalmem(),
    networkHelper: findProgram('slirp4netns', environment.PATH) ?? 'none',
    os,
    security: {
      apparmorEnabled: text('/sys/module/apparmor/parameters/enabled').trim() === 'Y',
      rootless: user.uid !== 0,
      seccompEnabled: text('/proc/sys/kernel/seccomp/actions_avail') !== '',
      selinuxEnabled: statSync('/sys/fs/selinux/enforce', { throwIfNoEntry: false }) !== undefined,
    },
    uptime: `${Math.floor(uptime() / 3600)}h ${Math.floor((uptime() % 3600) / 60)}m`,
  };
}

async function readStore({ paths, environment, storageDriver }: InfoWish) {
  const driver = await chosenDriver(paths, environment, storageDriver);
  const containers = { number: 0, running: 0, paused: 0, stopped: 0 };
  for (const id of listIds(paths)) {
    containers.number++;
    const { status } = containerState(paths, { id });
    if (status === 'running' || status === 'paused') containers[status]++;
    else containers.stopped++;
  }
  return {
    graphDriverName: driver.name,
    graphDriverReason: driver.reason,
    graphRoot: paths.data,
    backingFilesystem: fileSystemOf(paths.data),
    runRoot: paths.runtime,
    volumePath: paths.volumes,
    containerStore: containers,
    imageStore: { number: listImages(paths).length },
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
    return { name: 'copy', reason: `${error.message}: ${error.why}` };
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
) {
  return {
    Architecture: host.arch,
    CgroupDriver: host.cgroupManager,
    CgroupVersion: host.cgroupVersion === 'v2' ? '2' : '1',
    Containers: store.containerStore.number,
    ContainersPaused: store.containerStore.paused,
    ContainersRunning: store.containerStore.running,
    ContainersStopped: store.containerStore.stopped,
    DockerRootDir: store.graphRoot,
    Driver: store.graphDriverName,
    Images: store.imageStore.number,
    KernelVersion: host.kernel,
    MemTotal: host.memTotal,
    NCPU: host.cpus,
    Name: host.hostname,
    OSType: host.os,
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

function text(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
