import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';

/**
 * An IPv4 address of the host's that isn't its loopback, of the first interface that has one: where a container
 * reaches the host while the loopback is closed to it. undefined on a host without a network. `but`: not this one,
 * which the container has itself.
 */
export function hostAddress(
  interfaces: typeof networkInterfaces = networkInterfaces,
  but?: string,
): string | undefined {
  for (const addresses of Object.values(interfaces()))
    for (const { family, internal, address } of addresses ?? [])
      if (family === 'IPv4' && !internal && address !== but) return address;
  return undefined;
}

/** It has an IPv6 address that isn't of a link alone. */
export function hasIPv6(interfaces: typeof networkInterfaces = networkInterfaces): boolean {
  return Object.values(interfaces()).some((addresses) =>
    addresses?.some((one) => one.family === 'IPv6' && !one.internal && one.scopeid === 0),
  );
}

/** The interface of the first default route, the best metric first: proc(5), /proc/net/route. */
function routedInterface(table: string): string | undefined {
  const routes = table
    .split('\n')
    .slice(1)
    .map((line) => line.split('\t'))
    .filter(([, destination, , , , , , mask]) => destination === '00000000' && mask === '00000000');
  routes.sort((a, b) => Number(a[6]) - Number(b[6]));
  return routes[0]?.[0];
}

function readRoutes(): string {
  try {
    return readFileSync('/proc/net/route', 'utf8');
  } catch {
    return '';
  }
}

/** The host's IPv4 address on its way out, which a copy of its network has too: pasta(1). */
export function routedAddress(
  wanted?: string,
  table: string = readRoutes(),
  interfaces: typeof networkInterfaces = networkInterfaces,
): string | undefined {
  const name = wanted ?? routedInterface(table);
  const addresses = (name !== undefined && interfaces()[name]) || [];
  return addresses.find(({ family }) => family === 'IPv4')?.address;
}
