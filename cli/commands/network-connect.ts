import { hostFacts } from '../../core/container/facts.ts';
import { connectNetwork } from '../../core/network/connect.ts';
import { Option, PodCommand } from '../command.ts';
import { pathsOf } from '../paths.ts';

export class NetworkConnect extends PodCommand {
  static override usage = { description: 'Put a container into a network' };

  alias = Option.Array('--alias', [], { description: 'A further `name` for the others in the network' });
  driverOpt = Option.Array('--driver-opt', [], {
    description: 'com.docker.network.endpoint.ifname=eth9: what its interface is called (`option`)',
  });
  ip = Option.String('--ip', { description: 'Its IPv4 `address`' });
  ip6 = Option.String('--ip6', { description: 'Its IPv6 `address`' });
  macAddress = Option.String('--mac-address', { description: 'Its hardware `address`' });
  network = Option.String({ name: 'network' });
  container = Option.String({ name: 'container' });

  async execute(): Promise<number> {
    const wish = {
      network: this.network,
      addresses: [...(this.ip === undefined ? [] : [this.ip]), ...(this.ip6 === undefined ? [] : [this.ip6])],
      mac: this.macAddress,
      aliases: this.alias,
      driverOptions: this.driverOpt,
    };
    const context = { paths: pathsOf(this), host: hostFacts(this.context.env) };
    await connectNetwork(context, wish, this.container);
    return 0;
  }
}
