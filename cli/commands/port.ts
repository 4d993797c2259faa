import { listContainers } from '../../core/container/list.ts';
import type { ContainerRecord } from '../../core/container/record.ts';
import { PodError } from '../../core/error.ts';
import { chooseContainer } from '../choose-containers.ts';
import { Option, PodCommand } from '../command.ts';
import { warnOfDamaged } from '../output/damaged.ts';
import { pathsOf } from '../paths.ts';

type Mapping = ContainerRecord['network']['ports'][number];

const hostOf = ({ hostIp, hostPort }: Mapping): string =>
  `${hostIp.includes(':') ? `[${hostIp}]` : hostIp}:${hostPort}`;

/** `80`, `80/udp`: docker's words. */
function parsePort(text: string): { port: number; protocol: string } {
  const [, port, protocol = 'tcp'] = /^(\d{1,5})(?:\/(tcp|udp|sctp))?$/i.exec(text) ?? [];
  if (port === undefined || Number(port) < 1 || Number(port) > 65535)
    throw new PodError({
      code: 'usage',
      message: `invalid port ${JSON.stringify(text)}`,
      why: 'it takes PORT[/PROTOCOL]',
    });
  return { port: Number(port), protocol: protocol.toLowerCase() };
}

export class Port extends PodCommand {
  static override usage = { description: "Show where a container's ports are published" };

  all = Option.Boolean('-a,--all', false, { description: 'Of all containers that run' });
  latest = Option.Boolean('-l,--latest', false, { description: 'Of the one that was made last' });
  words = Option.Rest({ name: 'container [port[/protocol]]' });

  async execute(): Promise<number> {
    const paths = pathsOf(this);
    if (this.all) {
      const damaged = warnOfDamaged('container', (text) => this.warn(text));
      for (const { record, state } of listContainers(paths, damaged))
        if (state.status !== 'exited' && state.status !== 'created') this.printAll(record, `${record.id}\t`);
      return 0;
    }
    const [name, port, more] = this.latest ? [undefined, ...this.words] : this.words;
    if (more !== undefined)
      throw new PodError({ code: 'usage', message: 'one container and one port at most' });
    const record = chooseContainer(paths, name, this.latest);
    if (port === undefined) this.printAll(record, '');
    else this.printOne(record, port);
    return 0;
  }

  private printAll({ network }: ContainerRecord, prefix: string): void {
    for (const mapping of network.ports)
      this.printLine(`${prefix}${mapping.containerPort}/${mapping.protocol} -> ${hostOf(mapping)}`);
  }

  private printOne({ name, network }: ContainerRecord, text: string): void {
    const { port, protocol } = parsePort(text);
    const found = network.ports.filter((one) => one.containerPort === port && one.protocol === protocol);
    if (found.length === 0)
      throw new PodError({
        code: 'not-found',
        message: `no public port '${port}/${protocol}' published for ${name}`,
        exitCode: 1,
      });
    for (const mapping of found) this.printLine(hostOf(mapping));
  }
}
