/** A port of the host's: whether it can be had, and if not, why. */

import { readFileSync } from 'node:fs';
import { errnoOf, PodError } from '../core/error.ts';
import { bindPort } from './bind-port.ts';
import { formatHostPort, type PortMapping, type Protocol } from './port.ts';
import { findPortHolder } from './port-holder.ts';

export interface HostPortFacts {
  /** Binds and lets go again: the port that it was (0 asks for any). Rejects with the system call's error. */
  tryBind: (hostIp: string, port: number, protocol: Protocol) => Promise<number>;
  /** Who has a port, as a phrase: "the container web", "nginx (pid 812)". Asked when there is an error to tell. */
  holder: (mapping: PortMapping) => string | undefined | Promise<string | undefined>;
  /** Text of /proc/sys/net/ipv4/ip_unprivileged_port_start. */
  firstFreePort: () => number;
  /** A port that was asked for by its number is for later: taken now, it may be free then. */
  mayBeTaken?: boolean;
}

/** The system's own facts; `holder` may know more, such as the names of containers. */
export function hostPortFacts(holder?: HostPortFacts['holder']): HostPortFacts {
  return {
    tryBind: async (hostIp, port, protocol) => bindPort(hostIp, port, protocol),
    holder: async (mapping) => {
      const known = await holder?.(mapping);
      if (known) return known;
      const found = findPortHolder(mapping);
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

/** The error for a port that tryBind was refused. */
export async function refusal(mapping: PortMapping, error: unknown, facts: HostPortFacts): Promise<PodError> {
  const where = formatHostPort(mapping);
  const message = `cannot publish ${where}`;
  switch (errnoOf(error)) {
    case 'EADDRINUSE': {
      const holder = await facts.holder(mapping);
      return new PodError({
        code: 'conflict',
        message,
        why: holder ? `address already in use by ${holder}` : 'address already in use',
        hint: `-p ${publishHint(mapping)}   # lets the system choose a port, or give another one`,
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
