import type { ContainerRecord } from '../record.ts';
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

/** slirp4netns(1): the gateway is the second address of the network, which has 24 bits. */
function addressesOf({ network }: ContainerRecord, state: ContainerState) {
  const address = isUp(state.status) && network.mode === 'slirp4netns' ? network.address : undefined;
  return {
    IPAddress: address ?? '',
    IPPrefixLen: address ? 24 : 0,
    Gateway: address?.replace(/\.\d+$/, '.2') ?? '',
    GlobalIPv6Address: '',
    GlobalIPv6PrefixLen: 0,
    IPv6Gateway: '',
    MacAddress: '',
    EndpointID: '',
  };
}

export function shownNetwork(record: ContainerRecord, state: ContainerState): object {
  const addresses = addressesOf(record, state);
  const { mode } = record.network;
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
    Networks: mode === 'slirp4netns' || mode === 'host' || mode === 'none' ? { [mode]: own } : {},
  };
}
