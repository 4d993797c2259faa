import { enterNamespace } from '../../core/unshare.ts';
import { Option, PodCommand } from '../command.ts';
import { pathsOf } from '../paths.ts';

export class Unshare extends PodCommand {
  static override usage = {
    description: 'Run a command as root of the user namespace, outside any container',
  };

  command = Option.Proxy({ name: 'command' });

  async execute(): Promise<number> {
    return enterNamespace(this.command, pathsOf(this), this.context.env);
  }
}
