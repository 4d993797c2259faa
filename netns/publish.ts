/**
 * Published ports as operations of a launcher's plan: `publish` and `publish-to`, carried out by a process of the
 * launcher (rootless/native/forward.h). The container sees the client's address, whatever its network is made by.
 *
 * Faster than libslirp's forwarding, which has a backlog of 1 for TCP and knows IPv4 alone. Clients of the other family
 * than the container's, and those of the host's loopback, are the gateway to it.
 */

import type { PortMapping } from './port.ts';

/** The container in one family: its address, and who the host's loopback is to it. */
export interface PublishTarget {
  address: string;
  gateway: string;
}

export function publishPlan(ports: readonly PortMapping[], targets: readonly PublishTarget[]): string[][] {
  if (ports.length === 0) return [];
  return [
    ...targets.map(({ address, gateway }) => ['publish-to', address, gateway]),
    ...ports.map(({ hostIp, hostPort, containerPort, protocol }) => [
      'publish',
      hostIp,
      String(hostPort),
      String(containerPort),
      ...(protocol === 'udp' ? ['udp'] : []),
    ]),
  ];
}
