/** Ports of the host's: chosen, and tried before anything starts. */

import { readFileSync } from 'node:fs';
import { errnoOf, PodError } from '../core/error.ts';
import { formatHostPort, type PortMapping, type PortRequest, type Protocol } from './port.ts';
import { findPortHolder } from './port-holder.ts';

export interface HostPortFacts {
  /** Binds and lets go again: the port that it was (0 asks for any). Rejects with the system call's error. */
  tryBind: (hostIp: string, port: number, protocol: Protocol) => Promise<number>;
  /** Who has a port, as a phrase: "the container web", "nginx (pid 812)". Asked when there is an error to tell. */
  holder: (mapping: PortMapping) => string | undefined | Promise<string | undefined>;
  /** Text of /proc/sys/net/ipv4/ip_unprivileged_port_start. */
  firstFreePort: () => number;
}

/** The system's own facts; `holder` may know more, such as the names of containers. */
export function hostPortFacts(holder?: HostPortFacts['holder']): HostPortFacts {
  return {
    tryBind,
    holder: async (mapping) => {
      const known = await holder?.(mapping);
      if (known) return known;
      const found = findPortHolder(mapping.hostPort, mapping.protocol);
      return found && `${found.program} (pid ${found.pid})`;
    },
    firstFreePort: readPortStart,
  };
}

function readPortStart(): number {
  try {
    return Number(readFileSync('/proc/sys/net/ipv4/ip_unprivileged_port_start', 'utf8'));
  } catch {
    return 1024;
  }
}

async function tryBind(hostIp: string, port: number, protocol: Protocol): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  if (protocol === 'udp') {
    const { createSocket } = await import('node:dgram');
    const socket = createSocket({
      type: hostIp.includes(':') ? 'udp6' : 'udp4',
      ipv6Only: hostIp.includes(':'),
    });
    socket.once('error', reject);
    socket.bind({ address: hostIp, port, exclusive: true }, () => {
      const bound = socket.address().port;
      socket.close(() => resolve(bound));
    });
  } else {
    const { createServer } = await import('node:net');
    const server = createServer();
    server.once('error', reject);
    server.listen({ host: hostIp, port, exclusive: true, ipv6Only: hostIp.includes(':') }, () => {
      const address = server.address();
      const bound = address && typeof address === 'object' ? address.port : port;
      server.close(() => resolve(bound));
    });
  }
  return promise;
}

async function refusal(mapping: PortMapping, error: unknown, facts: HostPortFacts): Promise<PodError> {
  const where = formatHostPort(mapping);
  const message = `cannot publish ${where}`;
  switch (errnoOf(error)) {
    case 'EADDRINUSE': {
      const holder = await facts.holder(mapping);
      return new PodError({
        code: 'conflict',
        message,
        why: holder ? `address already in use by ${holder}` : 'address already in use',
        hint: `choose another port: -p ${publishHint(mapping)}`,
        cause: error,
      });
    }
    case 'EACCES':
      return new PodError({
        code: 'denied',
        message,
        why: `ports below ${facts.firstFreePort()} are for root on this host`,
        hint: `sudo sysctl net.ipv4.ip_unprivileged_port_start=${mapping.hostPort}`,
        cause: error,
      });
    case 'EADDRNOTAVAIL':
      return new PodError({
        code: 'usage',
        message,
        why: `${mapping.hostIp} is not an address of this host`,
        hint: 'ip -brief address',
        cause: error,
      });
    default:
      return new PodError({
        code: 'io',
        message,
        cause: error,
        why: error instanceof Error ? error.message : String(error),
      });
  }
}

/** The same wish with a port that the system chooses. */
function publishHint({ hostIp, containerPort, protocol }: PortMapping): string {
  const ip = hostIp.includes(':') ? `[${hostIp}]` : hostIp;
  return `${hostIp === '0.0.0.0' ? '' : `${ip}:`}:${containerPort}${protocol === 'tcp' ? '' : `/${protocol}`}`.replace(
    /^:/,
    '',
  );
}

/** Two addresses that can't both have one port: equal, or one is all of its family. */
function overlap(a: string, b: string): boolean {
  if (a === b) return true;
  if (a.includes(':') !== b.includes(':')) return false;
  return [a, b].some((ip) => ip === '0.0.0.0' || ip === '::');
}

function clash(taken: readonly PortMapping[], wish: PortMapping): PortMapping | undefined {
  return taken.find(
    (one) =>
      one.protocol === wish.protocol && one.hostPort === wish.hostPort && overlap(one.hostIp, wish.hostIp),
  );
}

const RANDOM_TRIES = 20;

async function chooseRandom(
  request: PortRequest,
  taken: readonly PortMapping[],
  facts: HostPortFacts,
): Promise<PortMapping> {
  const { hostIp, containerPort, protocol } = request;
  for (let attempt = 0; ; attempt++) {
    const mapping: PortMapping = { hostIp, hostPort: 0, containerPort, protocol };
    try {
      mapping.hostPort = await facts.tryBind(hostIp, 0, protocol);
    } catch (error) {
      throw await refusal(mapping, error, facts);
    }
    if (!clash(taken, mapping)) return mapping;
    if (attempt === RANDOM_TRIES)
      throw new PodError({
        code: 'conflict',
        message: `cannot publish ${containerPort}/${protocol}`,
        why: 'no free port was found on the host',
      });
  }
}

async function chooseInRange(
  request: PortRequest,
  [first, last]: readonly [number, number],
  taken: readonly PortMapping[],
  facts: HostPortFacts,
): Promise<PortMapping> {
  const { hostIp, containerPort, protocol } = request;
  let failed: { mapping: PortMapping; error: unknown } | undefined;
  for (let hostPort = first; hostPort <= last; hostPort++) {
    const mapping: PortMapping = { hostIp, hostPort, containerPort, protocol };
    const other = clash(taken, mapping);
    if (other && first === last) {
      throw new PodError({
        code: 'usage',
        message: `cannot publish ${formatHostPort(mapping)}`,
        why: `ports ${other.containerPort} and ${containerPort} of the container both ask for it`,
      });
    }
    if (other) continue;
    try {
      await facts.tryBind(hostIp, hostPort, protocol);
      return mapping;
    } catch (error) {
      failed ??= { mapping, error };
      if (errnoOf(error) !== 'EADDRINUSE' && errnoOf(error) !== 'EACCES') break;
    }
  }
  if (failed && first === last) throw await refusal(failed.mapping, failed.error, facts);
  if (failed && errnoOf(failed.error) !== 'EADDRINUSE')
    throw await refusal(failed.mapping, failed.error, facts);
  throw new PodError({
    code: 'conflict',
    message: `cannot publish ${containerPort}/${protocol}`,
    why: `no port from ${first} to ${last} of ${hostIp} is free`,
  });
}

/**
 * A port of the host's for each request, every one of them free a moment ago. Fixed ports come first, so that a
 * range or a random choice doesn't take one. The result has the requests' order.
 *
 * Throws PodError `conflict` (taken), `denied` (below ip_unprivileged_port_start), `usage` (asked for twice, not an
 * address of this host).
 */
export async function assignHostPorts(
  requests: readonly PortRequest[],
  facts: HostPortFacts = hostPortFacts(),
): Promise<PortMapping[]> {
  const width = ({ hostPorts }: PortRequest): number => (hostPorts ? hostPorts[1] - hostPorts[0] : 65536);
  const order = requests
    .map((request, index) => ({ request, index }))
    .sort((a, b) => width(a.request) - width(b.request) || a.index - b.index);
  const taken: PortMapping[] = [];
  const chosen = new Map<number, PortMapping>();
  for (const { request, index } of order) {
    const twin = taken.find((one) => isSame(one, request));
    if (twin) continue; // docker takes `-p 80:80 -p 80:80` for one
    const mapping = request.hostPorts
      ? await chooseInRange(request, request.hostPorts, taken, facts)
      : await chooseRandom(request, taken, facts);
    taken.push(mapping);
    chosen.set(index, mapping);
  }
  return [...chosen].sort(([a], [b]) => a - b).map(([, mapping]) => mapping);
}

function isSame(mapping: PortMapping, request: PortRequest): boolean {
  const [first, last] = request.hostPorts ?? [0, 0];
  return (
    first === last &&
    mapping.hostPort === first &&
    mapping.hostIp === request.hostIp &&
    mapping.containerPort === request.containerPort &&
    mapping.protocol === request.protocol
  );
}

/** Tries ports that were chosen earlier again, before a container starts anew. Throws as assignHostPorts does. */
export async function checkPortsFree(
  mappings: readonly PortMapping[],
  facts: HostPortFacts = hostPortFacts(),
): Promise<void> {
  for (const mapping of mappings) {
    try {
      await facts.tryBind(mapping.hostIp, mapping.hostPort, mapping.protocol);
    } catch (error) {
      throw await refusal(mapping, error, facts);
    }
  }
}
