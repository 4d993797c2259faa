import type { ContainerRecord, NetworkAttachment } from '../record.ts';
import { type ContainerState, isUp } from '../state.ts';

export type PortMap = Record<string, { HostIp: string; HostPort: string }[] | null>;

/** docker's PortMap: `80/tcp` -> where it is published, null where it is only exposed. */
export function portMap({ network }: ContainerRecord): PortMap {
  const ports: PortMap = {};
  for (const port of network.exposed) ports[port] = null;
  for (const { hostIp, hostPort, containerPort, protocol } of network.ports) {
    const key = `${containerPort}/${protocol}`;
    ports[key] = [...(ports[key] ?? []), { HostIp: hostIp, HostPort: String(hostPort) }];
  }
  return ports;
}

/** slirp4netns(1): the gateway is the second address of the network, which has 24 bits. Pasta's is the host's. */
function addressesOf({ network }: ContainerRecord, state: ContainerState) {
  const slirp = network.mode === 'slirp4netns';
  const address = isUp(state.status) && (slirp || network.mode === 'pasta') ? network.address : undefined;
  return {
    IPAddress: address ?? '',
    IPPrefixLen: address && slirp ? 24 : 0,
    Gateway: (slirp && address?.replace(/\.\d+$/, '.2')) || '',
    GlobalIPv6Address: '',
    GlobalIPv6PrefixLen: 0,
    IPv6Gateway: '',
    MacAddress: '',
    EndpointID: '',
  };
}

/** One bridge network; its gateway is the container's way out only where it runs. */
function endpoint(attachment: NetworkAttachment, up: boolean): object {
  const four = attachment.addresses.find((address) => !address.includes(':'))?.split('/') ?? [];
  const six = attachment.addresses.find((address) => address.includes(':'))?.split('/') ?? [];
  return {
    Aliases: attachment.aliases,
    Links: null,
    IPAMConfig: null,
    DriverOpts: null,
    NetworkID: attachment.id,
    EndpointID: '',
    Gateway: '',
    IPAddress: (up && four[0]) || '',
    IPPrefixLen: up ? Number(four[1] ?? 0) : 0,
    IPv6Gateway: '',
    GlobalIPv6Address: (up && six[0]) || '',
    GlobalIPv6PrefixLen: up ? Number(six[1] ?? 0) : 0,
    MacAddress: up ? attachment.mac : '',
  };
}

export function shownNetwork(record: ContainerRecord, state: ContainerState): object {
  const addresses = addressesOf(record, state);
  const { mode, networks } = record.network;
  const own = {
    Aliases: null,
    Links: null,
    IPAMConfig: null,
    DriverOpts: null,
    NetworkID: mode,
    ...addresses,
  };
  return {
    Bridge: '',
    SandboxID: '',
    SandboxKey: state.pid > 0 ? `/proc/${state.pid}/ns/net` : '',
    HairpinMode: false,
    Ports: portMap(record),
    ...addresses,
    Networks: networks
      ? Object.fromEntries(networks.map((one) => [one.name, endpoint(one, isUp(state.status))]))
      : ['slirp4netns', 'pasta', 'host', 'none'].includes(mode)
        ? { [mode]: own }
        : {},
  };
}
