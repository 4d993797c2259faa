import { findNetwork } from '../../core/network/find.ts';
import { inspectNetwork } from '../../core/network/inspect.ts';
import { Option, PodCommand } from '../command.ts';
import { inspectEach } from '../inspect-each.ts';
import { pathsOf } from '../paths.ts';

export class NetworkInspect extends PodCommand {
  static override usage = { description: 'Show all about networks' };

  format = Option.String('-f,--format', { description: 'A Go `template`, or json' });
  names = Option.Rest({ name: 'network', required: 1 });

  async execute(): Promise<number> {
    const paths = pathsOf(this);
    return inspectEach(this, this.names, this.format, async (name) =>
      inspectNetwork(paths, await findNetwork(paths, name)),
    );
  }
}
