/** The limits of `run` and `update`: docker's flags and rules, as OCI linux.resources. */

import { availableParallelism } from 'node:os';
import type { LinuxResources } from '../../../rootless/cgroup/resources.ts';
import { PodError } from '../../error.ts';
import { type DeviceLookup, diskOf, parseDeviceRate, parseDeviceWeight } from './block-device.ts';
import { checkCpuSet } from './cpu-set.ts';
import { parseSize } from './size.ts';
import { parseUlimits, type Rlimit } from './ulimit.ts';

/** Values as they were typed; what was not given is absent. */
export interface ResourceFlags {
  memory?: string | undefined;
  memorySwap?: string | undefined;
  memoryReservation?: string | undefined;
  cpus?: string | undefined;
  cpuShares?: string | undefined;
  cpuPeriod?: string | undefined;
  cpuQuota?: string | undefined;
  cpusetCpus?: string | undefined;
  cpusetMems?: string | undefined;
  pidsLimit?: string | undefined;
  blkioWeight?: string | undefined;
  blkioWeightDevice?: string[] | undefined;
  deviceReadBps?: string[] | undefined;
  deviceWriteBps?: string[] | undefined;
  deviceReadIops?: string[] | undefined;
  deviceWriteIops?: string[] | undefined;
  oomKillDisable?: boolean | undefined;
  oomScoreAdj?: string | undefined;
  shmSize?: string | undefined;
  ulimit?: string[] | undefined;
}

export interface ResourceOptions {
  /** For `linux.resources` of the config; empty when nothing is limited. */
  resources: LinuxResources;
  /** -1000 to 1000. */
  oomScoreAdj?: number;
  /** Bytes of /dev/shm. */
  shmSize: number;
  rlimits: Rlimit[];
  /** What was asked for and has no effect on cgroup v2: one line each, for standard error. */
  notices: string[];
}

/** What the rules look at of the host; tests give their own. */
export interface ResourceHost {
  cpus: number;
  disk: DeviceLookup;
}

const SHM_SIZE = 64 * 1024 * 1024;
const LEAST_MEMORY = 6 * 1024 * 1024;
const PERIOD = 100_000;

/** Throws PodError `usage` where a value breaks docker's rules. */
export function resourceOptions(
  flags: ResourceFlags,
  host: ResourceHost = { cpus: availableParallelism(), disk: diskOf },
): ResourceOptions {
  const options: ResourceOptions = {
    resources: {
      ...part('memory', memoryOptions(flags)),
      ...part('cpu', cpuOptions(flags, host)),
      ...part('pids', pidsOptions(flags)),
      ...part('blockIO', blockOptions(flags, host)),
    },
    shmSize: flags.shmSize === undefined ? SHM_SIZE : parseSize(flags.shmSize, '--shm-size') || SHM_SIZE,
    rlimits: parseUlimits(flags.ulimit ?? []),
    notices: [],
  };
  const oomScoreAdj = integer(flags.oomScoreAdj, '--oom-score-adj', -1000, 1000);
  if (oomScoreAdj !== undefined) options.oomScoreAdj = oomScoreAdj;
  if (flags.oomKillDisable) {
    options.notices.push('--oom-kill-disable has no effect: cgroup v2 always kills on out of memory');
  }
  return options;
}

function memoryOptions(flags: ResourceFlags): NonNullable<LinuxResources['memory']> {
  const limit = flags.memory === undefined ? 0 : parseSize(flags.memory, '--memory');
  const swap =
    flags.memorySwap === undefined
      ? 0
      : flags.memorySwap === '-1'
        ? -1
        : parseSize(flags.memorySwap, '--memory-swap');
  const reservation =
    flags.memoryReservation === undefined ? 0 : parseSize(flags.memoryReservation, '--memory-reservation');
  for (const [flag, value] of [
    ['--memory', limit],
    ['--memory-reservation', reservation],
  ] as const) {
    if (value > 0 && value < LEAST_MEMORY) throw usage(`${flag} must be 6m at least`);
  }
  if (swap > 0 && limit === 0)
    throw usage('--memory-swap needs --memory: it counts memory and swap together');
  if (swap > 0 && swap < limit) {
    throw usage('--memory-swap must not be less than --memory: it counts memory and swap together');
  }
  if (limit > 0 && reservation > limit) throw usage('--memory-reservation must not be more than --memory');
  const memory: NonNullable<LinuxResources['memory']> = {};
  if (limit > 0) {
    memory.limit = limit;
    // Docker: as much swap as memory, unless told.
    memory.swap = swap === 0 ? limit * 2 : swap;
  }
  if (reservation > 0) memory.reservation = reservation;
  return memory;
}

function cpuOptions(flags: ResourceFlags, host: ResourceHost): NonNullable<LinuxResources['cpu']> {
  const cpu: NonNullable<LinuxResources['cpu']> = {};
  const shares = integer(flags.cpuShares, '--cpu-shares', 0, 2 ** 31);
  const period = integer(flags.cpuPeriod, '--cpu-period', 0, 1_000_000);
  const quota = integer(flags.cpuQuota, '--cpu-quota', -1, Number.MAX_SAFE_INTEGER);
  if (shares) cpu.shares = shares;
  if (flags.cpus !== undefined) {
    const cpus = /^\d+(\.\d+)?$/.test(flags.cpus) ? Number(flags.cpus) : Number.NaN;
    if (Number.isNaN(cpus)) throw usage(`invalid value ${JSON.stringify(flags.cpus)} for --cpus`);
    if (cpus > 0 && (period || quota)) throw usage('--cpus excludes --cpu-period and --cpu-quota');
    if (cpus !== 0 && (cpus < 0.01 || cpus > host.cpus)) {
      throw usage(
        `--cpus=${flags.cpus} is out of range: 0.01 to ${host.cpus}, as there are ${host.cpus} CPUs here`,
      );
    }
    if (cpus > 0) {
      cpu.quota = Math.round(cpus * PERIOD);
      cpu.period = PERIOD;
    }
  }
  if (period) {
    if (period < 1000) throw usage('--cpu-period must be between 1000 and 1000000 microseconds');
    cpu.period = period;
  }
  if (quota) {
    if (quota > 0 && quota < 1000) throw usage('--cpu-quota must be 1000 microseconds at least');
    cpu.quota = quota;
  }
  if (flags.cpusetCpus) cpu.cpus = checkCpuSet('--cpuset-cpus', flags.cpusetCpus);
  if (flags.cpusetMems) cpu.mems = checkCpuSet('--cpuset-mems', flags.cpusetMems);
  return cpu;
}

function pidsOptions(flags: ResourceFlags): NonNullable<LinuxResources['pids']> {
  const limit = integer(flags.pidsLimit, '--pids-limit', -1, 2 ** 31 - 1);
  return limit === undefined || limit <= 0 ? {} : { limit };
}

function blockOptions(flags: ResourceFlags, host: ResourceHost): NonNullable<LinuxResources['blockIO']> {
  const block: NonNullable<LinuxResources['blockIO']> = {};
  const weight = integer(flags.blkioWeight, '--blkio-weight', 0, 1000);
  if (weight) {
    if (weight < 10) throw usage('--blkio-weight must be between 10 and 1000, or 0 for none');
    block.weight = weight;
  }
  const weights = (flags.blkioWeightDevice ?? []).map((text) => parseDeviceWeight(text, host.disk));
  if (weights.length > 0) block.weightDevice = weights;
  const rates = (flag: string, kind: 'bps' | 'iops', values: string[] = []) =>
    values.map((text) => parseDeviceRate(flag, text, kind, host.disk));
  const throttle = {
    throttleReadBpsDevice: rates('--device-read-bps', 'bps', flags.deviceReadBps),
    throttleWriteBpsDevice: rates('--device-write-bps', 'bps', flags.deviceWriteBps),
    throttleReadIOPSDevice: rates('--device-read-iops', 'iops', flags.deviceReadIops),
    throttleWriteIOPSDevice: rates('--device-write-iops', 'iops', flags.deviceWriteIops),
  };
  for (const key of Object.keys(throttle) as Array<keyof typeof throttle>) {
    if (throttle[key].length > 0) block[key] = throttle[key];
  }
  return block;
}

function part<Key extends string, Value extends object>(key: Key, value: Value): Partial<Record<Key, Value>> {
  return Object.keys(value).length > 0 ? ({ [key]: value } as Record<Key, Value>) : {};
}

function integer(text: string | undefined, flag: string, least: number, most: number): number | undefined {
  if (text === undefined || text === '') return undefined;
  const value = /^-?\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= least && value <= most)) {
    throw usage(
      `invalid value ${JSON.stringify(text)} for ${flag}: a number from ${least} to ${most} is wanted`,
    );
  }
  return value;
}

function usage(message: string): PodError {
  return new PodError({ code: 'usage', message });
}
