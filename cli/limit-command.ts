import type { ResourceFlags } from '../core/container/flags/resource-options.ts';
import { Option, PodCommand } from './command.ts';

const text = (names: string, description: string) => Option.String(names, { description });
const list = (names: string, description: string) => Option.Array(names, { description });

/** The limits that `run` and `create` give a container, and `update` changes. */
export abstract class LimitCommand extends PodCommand {
  blkioWeight = text('--blkio-weight', 'Share of block I/O, 10 to 1000 (`weight`)');
  blkioWeightDevice = list('--blkio-weight-device', "Share of a device's I/O (`device:weight`)");
  cpuPeriod = text('--cpu-period', 'Length of a scheduler period in `microseconds`');
  cpuQuota = text('--cpu-quota', 'CPU time a period in `microseconds`');
  cpuShares = text('-c,--cpu-shares', 'CPU `shares`, relative to others');
  cpus = text('--cpus', 'Number of CPUs, as 1.5 (`number`)');
  cpusetCpus = text('--cpuset-cpus', 'CPUs to run on, as 0-2,4 (`list`)');
  cpusetMems = text('--cpuset-mems', 'Memory nodes to use, as 0,1 (`list`)');
  deviceReadBps = list('--device-read-bps', 'Limit reading from a device (`device:rate`)');
  deviceReadIops = list('--device-read-iops', 'Limit reads a second (`device:number`)');
  deviceWriteBps = list('--device-write-bps', 'Limit writing to a device (`device:rate`)');
  deviceWriteIops = list('--device-write-iops', 'Limit writes a second (`device:number`)');
  memory = text('-m,--memory', 'Memory limit (`size`)');
  memoryReservation = text('--memory-reservation', 'Memory that is kept (`size`)');
  memorySwap = text('--memory-swap', 'Memory and swap together, -1: no limit (`size`)');
  pidsLimit = text('--pids-limit', 'Most processes at a time, -1: no limit (`number`)');

  /** As typed; what was not given is absent. */
  protected limits(): ResourceFlags {
    const all: ResourceFlags = {
      blkioWeight: this.blkioWeight,
      blkioWeightDevice: this.blkioWeightDevice,
      cpuPeriod: this.cpuPeriod,
      cpuQuota: this.cpuQuota,
      cpuShares: this.cpuShares,
      cpus: this.cpus,
      cpusetCpus: this.cpusetCpus,
      cpusetMems: this.cpusetMems,
      deviceReadBps: this.deviceReadBps,
      deviceReadIops: this.deviceReadIops,
      deviceWriteBps: this.deviceWriteBps,
      deviceWriteIops: this.deviceWriteIops,
      memory: this.memory,
      memoryReservation: this.memoryReservation,
      memorySwap: this.memorySwap,
      pidsLimit: this.pidsLimit,
    };
    return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
  }
}
