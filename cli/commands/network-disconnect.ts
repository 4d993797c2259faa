import { hostFacts } from '../../core/container/facts.ts';
import { disconnectNetwork } from '../../core/network/connect.ts';
import { Option, PodCommand } from '../command.ts';
import { pathsOf } from '../paths.ts';

export class NetworkDisconnect extends PodCommand {
  static override usage = { description: 'Take a container out of a network' };

  force = Option.Boolean('-f,--force', false, { description: 'Also one that has lost its network' });
  network = Option.String({ name: 'network' });
  container = Option.String({ name: 'container' });

  async execute(): Promise<number> {
    const context = { paths: pathsOf(this), host: hostFacts(this.context.env) };
    await disconnectNetwork(context, this.network, this.container, this.force);
    return 0;
  }
}
