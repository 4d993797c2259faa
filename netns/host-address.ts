import { networkInterfaces } from 'node:os';

/**
 * An IPv4 address of the host's that isn't its loopback, of the first interface that has one: where a container
 * reaches the host while the loopback is closed to it. undefined on a host without a network.
 */
export function hostAddress(interfaces: typeof networkInterfaces = networkInterfaces): string | undefined {
  for (const addresses of Object.values(interfaces()))
    for (const { family, internal, address } of addresses ?? [])
      if (family === 'IPv4' && !internal) return address;
  return undefined;
}
