import { listContainers } from '../container/list.ts';
import { isUp } from '../container/state.ts';
import { readRecord } from '../container/store.ts';
import type { Paths } from '../paths.ts';
import { leases } from './leases.ts';
import type { NetworkRecord } from './store.ts';

/** The containers in it by id, docker's fields: addresses have the length of their network's prefix. */
function containersOf(paths: Paths, network: NetworkRecord): Record<string, object> {
  if (network.driver !== 'bridge') return containersIn(paths, network.name);
  const addresses = new Map<string, string[]>();
  for (const [address, id] of leases(paths, network.name))
    addresses.set(id, [...(addresses.get(id) ?? []), address]);
  const shown = [...addresses].map(([id, leased]) => {
    const record = readRecord(paths, id);
    const attached = record?.network.networks?.find((one) => one.id === network.id);
    const own = attached?.addresses ?? leased;
    const fields = {
      Name: record?.name ?? '',
      MacAddress: attached?.mac ?? '',
      IPv4Address: own.find((address) => !address.includes(':')) ?? '',
      IPv6Address: own.find((address) => address.includes(':')) ?? '',
    };
    return [id, fields];
  });
  return Object.fromEntries(shown);
}

/** Those that run with a mode. */
function containersIn(paths: Paths, mode: string): Record<string, object> {
  const running = listContainers(paths).filter(
    ({ record, state }) => record.network.mode === mode && isUp(state.status),
  );
  const none = { MacAddress: '', IPv4Address: '', IPv6Address: '' };
  return Object.fromEntries(running.map(({ record: { id, name } }) => [id, { Name: name, ...none }]));
}

/** What `network inspect` shows: docker's fields, and podman's of the same object in its own spelling. */
export function inspectNetwork(paths: Paths, network: NetworkRecord): Record<string, unknown> {
  const { name, id, created, driver, internal, ipv6, dns, labels, options, subnets } = network;
  return {
    Name: name,
    Id: id,
    Created: created,
    Scope: 'local',
    Driver: driver,
    EnableIPv4: subnets.some(({ subnet }) => !subnet.includes(':')),
    EnableIPv6: ipv6,
    IPAM: {
      Driver: 'default',
      Options: null,
      Config: subnets.map(({ subnet, gateway, range, reserved }) => ({
        Subnet: subnet,
        ...(range !== undefined && { IPRange: range }),
        Gateway: gateway,
        ...(reserved !== undefined && { AuxiliaryAddresses: reserved }),
      })),
    },
    Internal: internal,
    Attachable: false,
    Ingress: false,
    DNSEnabled: dns,
    Containers: containersOf(paths, network),
    Options: options,
    Labels: labels,
  };
}
