import { hostFacts } from '../../core/container/facts.ts';
import { parseRestartPolicy } from '../../core/container/restart-policy.ts';
import { updateContainer } from '../../core/container/update.ts';
import { PodError } from '../../core/error.ts';
import { prepareForBoot } from '../../core/systemd/restart-unit.ts';
import { chooseContainers } from '../choose-containers.ts';
import { Option, PodCommand } from '../command.ts';
import { forEachName } from '../each.ts';
import { pathsOf } from '../paths.ts';

const text = (names: string, description: string) => Option.String(names, { description });
const list = (names: string, description: string) => Option.Array(names, { description });

export class Update extends PodCommand {
  static override paths = [['update'], ['container', 'update']];
  static override usage = { description: 'Change the limits and the restart policy of containers' };

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
  latest = Option.Boolean('-l,--latest', false, { description: 'The one that was made last' });
  memory = text('-m,--memory', 'Memory limit (`size`)');
  memoryReservation = text('--memory-reservation', 'Memory that is kept (`size`)');
  memorySwap = text('--memory-swap', 'Memory and swap together, -1: no limit (`size`)');
  pidsLimit = text('--pids-limit', 'Most processes at a time, -1: no limit (`number`)');
  restart = text('--restart', 'When it ends: no, on-failure[:n], always or unless-stopped (`policy`)');
  containers = Option.Rest({ name: 'container' });

  async execute(): Promise<number> {
    const paths = pathsOf(this);
    const resources = this.resources();
    const { restart } = this;
    if (restart === undefined && Object.keys(resources).length === 0)
      throw new PodError({
        code: 'usage',
        message: 'nothing to update',
        why: 'no limit and no restart policy was given',
        hint: "See 'tsc-pod update --help'.",
      });
    const names = chooseContainers(paths, { names: this.containers, latest: this.latest });
    const host = hostFacts(this.context.env);
    const boot = { paths, environment: this.context.env, notice: (line: string) => this.warn(line) };
    return forEachName(this, names, async (name) => {
      await updateContainer(paths, name, { resources, restart }, host);
      if (restart !== undefined) prepareForBoot(parseRestartPolicy(restart), boot);
      return name;
    });
  }

  /** Only what was given. */
  private resources(): Record<string, string | string[]> {
    const { blkioWeight, blkioWeightDevice, cpuPeriod, cpuQuota, cpuShares, cpus, cpusetCpus, cpusetMems } =
      this;
    const { deviceReadBps, deviceReadIops, deviceWriteBps, deviceWriteIops } = this;
    const { memory, memoryReservation, memorySwap, pidsLimit } = this;
    const cpu = { cpuPeriod, cpuQuota, cpuShares, cpus, cpusetCpus, cpusetMems };
    const block = {
      blkioWeight,
      blkioWeightDevice,
      deviceReadBps,
      deviceReadIops,
      deviceWriteBps,
      deviceWriteIops,
    };
    const all = { ...cpu, ...block, memory, memoryReservation, memorySwap, pidsLimit };
    const given = Object.entries(all).filter(([, value]) => value !== undefined);
    return Object.fromEntries(given) as Record<string, string | string[]>;
  }
}
