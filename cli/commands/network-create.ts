import { createNetwork } from '../../core/network/create.ts';
import { Option, PodCommand } from '../command.ts';
import { oneOf, parseKeyValues } from '../parse.ts';
import { pathsOf } from '../paths.ts';

export class NetworkCreate extends PodCommand {
  static override usage = { description: 'Make a network that containers can be in' };

  auxAddress = Option.Array('--aux-address', [], {
    description: 'An address that no container is given, as router=10.90.0.9 (`name=address`)',
  });
  disableDns = Option.Boolean('--disable-dns', false, {
    description: 'Members do not find each other by name',
  });
  driver = Option.String('-d,--driver', 'bridge', {
    description: 'bridge (`driver`)',
    validator: oneOf('bridge'),
  });
  gateway = Option.Array('--gateway', [], { description: 'The `address` of the gateway, one a subnet' });
  ignore = Option.Boolean('--ignore', false, { description: 'One that is there is no error' });
  internal = Option.Boolean('--internal', false, { description: 'Without a way out' });
  ipamDriver = Option.String('--ipam-driver', 'host-local', {
    description: 'Who gives addresses: host-local, which docker calls default (`driver`)',
    validator: oneOf('host-local', 'default'),
  });
  ipRange = Option.Array('--ip-range', [], { description: 'Give addresses of this part only (`network`)' });
  ipv4 = Option.Boolean('--ipv4', true, { description: 'With IPv4 addresses' });
  ipv6 = Option.Boolean('--ipv6', false, { description: 'With IPv6 addresses too' });
  label = Option.Array('--label', [], { description: 'A `label`, key=value' });
  opt = Option.Array('-o,--opt', [], {
    description: 'An `option` of the driver: mtu=1400, allow_host_loopback=true',
  });
  subnet = Option.Array('--subnet', [], { description: 'Its addresses, as 10.90.0.0/24 (`network`)' });
  name = Option.String({ name: 'name', required: false });

  async execute(): Promise<number> {
    const { name } = await createNetwork(pathsOf(this), {
      name: this.name,
      subnets: this.subnet,
      gateways: this.gateway,
      ranges: this.ipRange,
      reserved: parseKeyValues(this.auxAddress),
      internal: this.internal,
      ipv4: this.ipv4,
      ipv6: this.ipv6,
      disableDns: this.disableDns,
      labels: parseKeyValues(this.label),
      options: parseKeyValues(this.opt),
      ignore: this.ignore,
    });
    this.printLine(name);
    return 0;
  }
}
