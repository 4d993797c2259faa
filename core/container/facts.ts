import { readFileSync } from 'node:fs';
import { type CgroupFacts, cgroupFacts } from '../../rootless/cgroup/facts.ts';
import { hostIdMap, type IdMaps } from '../../rootless/id-map.ts';

/** What a container needs to know of the host, read when it is asked for. */
export interface HostFacts {
  readonly defaultMaps: IdMaps;
  readonly cgroups: CgroupFacts;
  /** The highest capability that this kernel has, capabilities(7). */
  readonly lastCapability: number;
  /** Where systemd waits for word of the unit that this process belongs to, sd_notify(3). */
  readonly notifySocket?: string | undefined;
  /** This process was started by a unit of `generate systemd`. */
  readonly generatedUnit?: boolean;
}

export function hostFacts(environment: NodeJS.ProcessEnv): HostFacts {
  let maps: IdMaps | undefined;
  let cgroups: CgroupFacts | undefined;
  return {
    get defaultMaps() {
      maps ??= hostIdMap();
      return maps;
    },
    get cgroups() {
      cgroups ??= cgroupFacts(process.geteuid!(), environment);
      return cgroups;
    },
    get lastCapability() {
      return Number(readFileSync('/proc/sys/kernel/cap_last_cap', 'utf8'));
    },
    notifySocket: environment.NOTIFY_SOCKET || undefined,
    generatedUnit: environment.TSC_POD_SYSTEMD_UNIT !== undefined,
  };
}

/** Whether the map has that id of the container's. */
export function isMapped(ranges: IdMaps['uid'], id: number): boolean {
  return ranges.some((range) => id >= range.container && id < range.container + range.size);
}
