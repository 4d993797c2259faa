import { PodError } from '../../core/error.ts';
import { findNetwork } from '../../core/network/find.ts';
import { Option, PodCommand } from '../command.ts';
import { pathsOf } from '../paths.ts';

export class NetworkExists extends PodCommand {
  static override usage = { description: 'Tell by the exit status whether there is a network: 0 or 1' };

  name = Option.String({ name: 'network' });

  async execute(): Promise<number> {
    try {
      await findNetwork(pathsOf(this), this.name);
      return 0;
    } catch (error) {
      if (error instanceof PodError && error.code === 'not-found') return 1;
      throw error;
    }
  }
}
