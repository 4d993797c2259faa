import { findNetwork } from '../../core/network/find.ts';
import { inspectNetwork } from '../../core/network/inspect.ts';
import { Option, PodCommand } from '../command.ts';
import { formatObject } from '../format/rows.ts';
import { isTerminal } from '../output/color.ts';
import { reportError } from '../output/error.ts';
import { pathsOf } from '../paths.ts';

export class NetworkInspect extends PodCommand {
  static override usage = { description: 'Show all about networks' };

  format = Option.String('-f,--format', { description: 'A Go `template`, or json' });
  names = Option.Rest({ name: 'network', required: 1 });

  async execute(): Promise<number> {
    const paths = pathsOf(this);
    const found: object[] = [];
    let status = 0;
    for (const name of this.names) {
      try {
        found.push(inspectNetwork(paths, await findNetwork(paths, name)));
      } catch (error) {
        status ||= reportError(error, this.context, { debug: this.debug });
      }
    }
    const terminal = isTerminal(this.context.stdout);
    if (this.format === undefined) this.print(formatObject('json', found, terminal));
    else for (const one of found) this.print(formatObject(this.format, one, terminal));
    return status;
  }
}
