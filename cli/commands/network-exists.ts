import { findNetwork } from '../../core/network/find.ts';
import { Option, PodCommand } from '../command.ts';
import { existsStatus } from '../exists-status.ts';
import { pathsOf } from '../paths.ts';

export class NetworkExists extends PodCommand {
  static override usage = { description: 'Tell by the exit status whether there is a network: 0 or 1' };

  name = Option.String({ name: 'network' });

  async execute(): Promise<number> {
    return existsStatus(() => findNetwork(pathsOf(this), this.name));
  }
}
