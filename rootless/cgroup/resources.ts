/** OCI `linux.resources` (v1's terms) as cgroup v2 files: runtime-spec config-linux.md; the conversions are runc's. */

import { PodError } from '../../core/error.ts';

/** The part of the OCI runtime specification's linux.resources that cgroup v2 can hold. Sizes in bytes. */
export interface LinuxResources {
  memory?: { limit?: number; reservation?: number; swap?: number; disableOOMKiller?: boolean };
  cpu?: {
    shares?: number;
    /** Microseconds. */
    quota?: number;
    period?: number;
    burst?: number;
    idle?: number;
    cpus?: string;
    mems?: string;
  };
  pids?: { limit?: number };
  blockIO?: {
    weight?: number;
    weightDevice?: Array<{ major: number; minor: number; weight?: number }>;
    throttleReadBpsDevice?: ThrottleDevice[];
    throttleWriteBpsDevice?: ThrottleDevice[];
    throttleReadIOPSDevice?: ThrottleDevice[];
    throttleWriteIOPSDevice?: ThrottleDevice[];
  };
  hugepageLimits?: Array<{ pageSize: string; limit: number }>;
  /** Files of cgroup v2 as they are. */
  unified?: Record<string, string>;
}

export interface ThrottleDevice {
  major: number;
  minor: number;
  /** Bytes or operations a second. */
  rate: number;
}

export interface CgroupSetting {
  controller: string;
  /** FILE VALUE pairs: the first file that exists is written. */
  choices: Array<[file: string, value: string]>;
  /** The kernel may lack the file: then nothing is lost that was asked for. */
  optional?: boolean;
}

export function cgroupSettings(resources: LinuxResources): CgroupSetting[] {
  return [
    ...memorySettings(resources.memory ?? {}),
    ...cpuSettings(resources.cpu ?? {}),
    ...pidsSettings(resources.pids ?? {}),
    ...blockSettings(resources.blockIO ?? {}),
    ...hugepageSettings(resources.hugepageLimits ?? []),
    ...unifiedSettings(resources.unified ?? {}),
  ];
}

/** [2, 262144] with 1024 in the middle to [1, 10000] with 100 in the middle (runc 1.3.2, crun 1.23). */
export function sharesToWeight(shares: number): number {
  if (shares <= 2) return 1;
  if (shares >= 262_144) return 10_000;
  const log = Math.log2(shares);
  return Math.ceil(10 ** ((log * log + 125 * log) / 612 - 7 / 34));
}

/** [10, 1000] to [1, 10000]. */
export function blkioToIoWeight(weight: number): number {
  return 1 + Math.floor(((weight - 10) * 9999) / 990);
}

function memorySettings(memory: NonNullable<LinuxResources['memory']>): CgroupSetting[] {
  const settings: CgroupSetting[] = [];
  const limit = memory.limit ?? 0;
  if (limit) settings.push(set('memory', 'memory.max', amount(limit)));
  if (memory.reservation) settings.push(set('memory', 'memory.low', amount(memory.reservation)));
  // The specification's swap is memory and swap together.
  const swap = memory.swap ?? (limit === -1 ? -1 : 0);
  if (swap) {
    const value = swap < 0 ? 'max' : String(Math.max(0, limit > 0 ? swap - limit : swap));
    // Without swap accounting there is no swap to limit.
    settings.push({ ...set('memory', 'memory.swap.max', value), optional: true });
  }
  return settings;
}

function cpuSettings(cpu: NonNullable<LinuxResources['cpu']>): CgroupSetting[] {
  const settings: CgroupSetting[] = [];
  if (cpu.shares) settings.push(set('cpu', 'cpu.weight', String(sharesToWeight(cpu.shares))));
  if (cpu.quota || cpu.period) {
    const quota = cpu.quota && cpu.quota > 0 ? String(cpu.quota) : 'max';
    settings.push(set('cpu', 'cpu.max', `${quota} ${cpu.period || 100_000}`));
  }
  if (cpu.burst) settings.push(set('cpu', 'cpu.max.burst', String(cpu.burst)));
  if (cpu.idle !== undefined) settings.push(set('cpu', 'cpu.idle', String(cpu.idle)));
  if (cpu.cpus) settings.push(set('cpuset', 'cpuset.cpus', cpu.cpus));
  if (cpu.mems) settings.push(set('cpuset', 'cpuset.mems', cpu.mems));
  return settings;
}

function pidsSettings(pids: NonNullable<LinuxResources['pids']>): CgroupSetting[] {
  return pids.limit === undefined
    ? []
    : [set('pids', 'pids.max', pids.limit > 0 ? String(pids.limit) : 'max')];
}

function blockSettings(block: NonNullable<LinuxResources['blockIO']>): CgroupSetting[] {
  const settings: CgroupSetting[] = [];
  const weight = (value: number, device = '') => {
    const choices: Array<[string, string]> = [
      ['io.bfq.weight', `${device}${value}`],
      ['io.weight', `${device}${blkioToIoWeight(value)}`],
    ];
    settings.push({ controller: 'io', choices });
  };
  if (block.weight) weight(block.weight);
  for (const { major, minor, weight: value } of block.weightDevice ?? []) {
    if (value) weight(value, `${major}:${minor} `);
  }
  const limits = new Map<string, string[]>();
  const throttle = (key: string, devices: ThrottleDevice[] = []) => {
    for (const { major, minor, rate } of devices) {
      const device = `${major}:${minor}`;
      limits.set(device, [...(limits.get(device) ?? []), `${key}=${rate > 0 ? rate : 'max'}`]);
    }
  };
  throttle('rbps', block.throttleReadBpsDevice);
  throttle('wbps', block.throttleWriteBpsDevice);
  throttle('riops', block.throttleReadIOPSDevice);
  throttle('wiops', block.throttleWriteIOPSDevice);
  for (const [device, keys] of limits) settings.push(set('io', 'io.max', `${device} ${keys.join(' ')}`));
  return settings;
}

function hugepageSettings(limits: Array<{ pageSize: string; limit: number }>): CgroupSetting[] {
  return limits.flatMap(({ pageSize, limit }) => {
    if (!/^\d+[KMG]B$/.test(pageSize)) throw badFile(`hugetlb.${pageSize}.max`);
    return [
      set('hugetlb', `hugetlb.${pageSize}.max`, String(limit)),
      { ...set('hugetlb', `hugetlb.${pageSize}.rsvd.max`, String(limit)), optional: true },
    ];
  });
}

function unifiedSettings(unified: Record<string, string>): CgroupSetting[] {
  return Object.entries(unified).map(([file, value]) => {
    const match = /^([a-z]+)\.[A-Za-z0-9_.]+$/.exec(file);
    // cgroup.procs and its kin are the runtime's own.
    if (!match?.[1] || match[1] === 'cgroup') throw badFile(file);
    return set(match[1], file, value);
  });
}

function set(controller: string, file: string, value: string): CgroupSetting {
  return { controller, choices: [[file, value]] };
}

function amount(value: number): string {
  return value < 0 ? 'max' : String(value);
}

function badFile(file: string): PodError {
  return new PodError({
    code: 'usage',
    message: `cannot set the cgroup file ${JSON.stringify(file)}`,
    why: "a file of a cgroup v2 controller is wanted, such as 'memory.high'",
  });
}
