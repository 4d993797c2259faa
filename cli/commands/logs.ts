import { type LogOptions, readLogs } from '../../core/container/log/logs.ts';
import type { ContainerRecord } from '../../core/container/record.ts';
import { findContainer } from '../../core/container/store.ts';
import { PodError } from '../../core/error.ts';
import type { Paths } from '../../core/paths.ts';
import { chooseContainers } from '../choose-containers.ts';
import { Option, PodCommand } from '../command.ts';
import { forEachName } from '../each.ts';
import { createLogPrinter, type LogPrinter } from '../format/log-lines.ts';
import { parseMoment } from '../moment.ts';
import { reportError } from '../output/error.ts';
import { shortId } from '../output/units.ts';
import { parsed, parseInteger } from '../parse.ts';
import { pathsOf } from '../paths.ts';

export class Logs extends PodCommand {
  static override usage = { description: 'Show what containers have written' };

  color = Option.Boolean('--color', false, { description: 'Tell containers apart by colours' });
  details = Option.Boolean('--details', false, { description: 'Show what --log-opt adds to each line' });
  follow = Option.Boolean('-f,--follow', false, { description: 'Go on while it runs' });
  latest = Option.Boolean('-l,--latest', false, { description: 'The one that was made last' });
  names = Option.Boolean('--names', false, { description: 'Show whose line it is, by name' });
  since = Option.String('--since', {
    description: 'From a `time`, or 10m ago',
    validator: parsed(parseMoment),
  });
  tail = Option.String('-n,--tail', 'all', {
    description: 'Only the last lines (`number`)',
    validator: parsed((text) => (text === 'all' ? -1 : parseInteger(text, -1))),
  });
  timestamps = Option.Boolean('-t,--timestamps', false, { description: 'Show times' });
  until = Option.String('--until', {
    description: 'To a `time`, or 10m ago',
    validator: parsed(parseMoment),
  });
  containers = Option.Rest({ name: 'container' });

  async execute(): Promise<number> {
    const { follow, since, until, tail } = this;
    if (since !== undefined && until !== undefined && since > until)
      throw new PodError({ code: 'usage', message: '--since lies behind --until' });
    const options = { follow, since, until, tail };
    const paths = pathsOf(this);
    const names = this.chosen(paths);
    const printer = createLogPrinter(this.context, { timestamps: this.timestamps, color: this.color });
    const show = async (name: string) => {
      const record = findContainer(paths, name);
      await this.show(record, options, printer, names.length > 1);
      return undefined;
    };
    if (!follow) return forEachName(this, names, show);
    return Math.max(...(await Promise.all(names.map((name) => this.told(() => show(name))))));
  }

  protected chosen(paths: Paths): string[] {
    return chooseContainers(paths, { names: this.containers, latest: this.latest });
  }

  /** The exit status of one of several that are done at once. */
  private async told(work: () => Promise<unknown>): Promise<number> {
    try {
      await work();
      return 0;
    } catch (error) {
      return reportError(error, this.context, { debug: this.debug });
    }
  }

  private async show(
    record: ContainerRecord,
    options: LogOptions,
    printer: LogPrinter,
    several: boolean,
  ): Promise<void> {
    const label = this.names ? record.name : several ? shortId(record.id) : '';
    const attributes = Object.entries(this.details ? (record.log.attributes ?? {}) : {});
    const details = attributes.map(([key, value]) => `${key}=${value}`).join(',');
    const source = printer.source(label, details);
    try {
      for await (const one of readLogs(pathsOf(this), record, options)) {
        const busy = source(one);
        if (busy) await busy;
      }
    } finally {
      await printer.flush();
    }
  }
}
