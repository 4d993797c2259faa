import type { LogRecord } from '../../core/container/log-record.ts';
import { readLogs } from '../../core/container/logs.ts';
import { findContainer } from '../../core/container/store.ts';
import { PodError } from '../../core/error.ts';
import { Option, PodCommand } from '../command.ts';
import { parseMoment } from '../moment.ts';
import { parsed, parseInteger } from '../parse.ts';
import { pathsOf } from '../paths.ts';

export class Logs extends PodCommand {
  static override paths = [['logs'], ['container', 'logs']];
  static override usage = { description: 'Show what a container has written' };

  follow = Option.Boolean('-f,--follow', false, { description: 'Go on while it runs' });
  since = Option.String('--since', {
    description: 'From a `time`, or 10m ago',
    validator: parsed(parseMoment),
  });
  tail = Option.String('-n,--tail', 'all', { description: 'Only the last lines (`number`)' });
  timestamps = Option.Boolean('-t,--timestamps', false, { description: 'Show times' });
  until = Option.String('--until', {
    description: 'To a `time`, or 10m ago',
    validator: parsed(parseMoment),
  });
  container = Option.String({ name: 'container' });

  async execute(): Promise<number> {
    const paths = pathsOf(this);
    const record = findContainer(paths, this.container);
    const tail = this.tail === 'all' ? -1 : parseInteger(this.tail, -1);
    const { follow, since, until } = this;
    if (since !== undefined && until !== undefined && since > until)
      throw new PodError({ code: 'usage', message: '--since lies behind --until' });
    let open = { stdout: false, stderr: false };
    for await (const one of readLogs(paths, record, { follow, since, until, tail })) {
      const stream = this.context[one.stream];
      if (!stream.write(this.shown(one, open[one.stream])))
        await new Promise((resolve) => stream.once('drain', resolve));
      open = { ...open, [one.stream]: !one.ended };
    }
    return 0;
  }

  private shown({ time, text, ended }: LogRecord, continued: boolean): Buffer {
    const before = this.timestamps && !continued ? `${time} ` : '';
    return Buffer.concat([Buffer.from(before), text, Buffer.from(ended ? '\n' : '')]);
  }
}
