/**
 * Published TCP ports as operations of a launcher's plan: `publish` and `publish-to`, carried out by a process of the
 * launcher (rootless/native/forward.h). The container sees the client's address, whatever its network is made by.
 *
 * Faster than libslirp's forwarding, without its backlog of 1. Clients of the other family
 * than the container's, and those of the host's loopback, are the gateway to it.
 */

import type { PortMapping } from './port.ts';

/** The container in one family: its address, and who the host's loopback is to it. */
export interface PublishTarget {
  address: string;
  gateway: string;
}

/** Those of them that are for this. */
export function isForwarded({ protocol }: Pick<PortMapping, 'protocol'>): boolean {
  return protocol === 'tcp';
}

export function publishPlan(ports: readonly PortMapping[], targets: readonly PublishTarget[]): string[][] {
  const forwarded = ports.filter(isForwarded);
  if (forwarded.length === 0) return [];
  return [
    ...targets.map(({ address, gateway }) => ['publish-to', address, gateway]),
    ...forwarded.map(({ hostIp, hostPort, containerPort }) => [
      'publish',
      hostIp,
      String(hostPort),
      String(containerPort),
    ]),
  ];
}
