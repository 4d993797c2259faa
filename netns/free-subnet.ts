/** A subnet for a network that nobody named one for: one that nothing on the host uses. */

import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { overlaps, parseSubnet, type Subnet } from './subnet.ts';

function lines(file: string): string[][] {
  try {
    return readFileSync(file, 'utf8')
      .trim()
      .split('\n')
      .map((line) => line.trim().split(/\s+/));
  } catch {
    return [];
  }
}

/** /proc/net/route: destination and mask in hexadecimal, the bytes as they lie in memory (little-endian). */
function routes4(): Subnet[] {
  return lines('/proc/net/route').flatMap(([, destination = '', , , , , , mask = '']) => {
    if (!/^[0-9A-F]{8}$/i.test(destination) || !/^[0-9A-F]{8}$/i.test(mask)) return [];
    const swap = (hex: string) => BigInt(`0x${hex.match(/../g)!.reverse().join('')}`);
    const prefix = swap(mask).toString(2).replace(/0/g, '').length;
    return prefix === 0 ? [] : [{ version: 4 as const, base: swap(destination), prefix }];
  });
}

/** /proc/net/ipv6_route: 32 hexadecimal digits, and the prefix's length as two. */
function routes6(): Subnet[] {
  return lines('/proc/net/ipv6_route').flatMap(([destination = '', length = '']) => {
    const prefix = Number.parseInt(length, 16);
    if (!/^[0-9a-f]{32}$/.test(destination) || !(prefix > 0)) return [];
    return [{ version: 6 as const, base: BigInt(`0x${destination}`), prefix }];
  });
}

/** What the host's interfaces and routes use. */
export function hostSubnets(): Subnet[] {
  const own = Object.values(networkInterfaces()).flatMap((list) =>
    (list ?? []).flatMap(({ cidr }) => (cidr && parseSubnet(cidr)) || []),
  );
  return [...own, ...routes4(), ...routes6()];
}

const FIRST = (10n << 24n) | (89n << 16n); // podman's own pool: 10.89.0.0/24 to 10.255.255.0/24
const COUNT = 0x1_00_00_00n - (89n << 16n);

/** The first /24 of the pool that is free; undefined: none is. */
export function freeSubnet4(taken: readonly Subnet[]): Subnet | undefined {
  for (let offset = 0n; offset < COUNT; offset += 256n) {
    const subnet: Subnet = { version: 4, base: FIRST + offset, prefix: 24 };
    if (!taken.some((other) => overlaps(subnet, other))) return subnet;
  }
  return undefined;
}

/** A unique local /64, RFC 4193: 56 random bits behind fd. */
export function freeSubnet6(taken: readonly Subnet[], random: (count: number) => Uint8Array): Subnet {
  for (;;) {
    const number = BigInt(`0x${Buffer.from(random(7)).toString('hex')}`);
    const subnet: Subnet = { version: 6, base: ((0xfdn << 56n) | number) << 64n, prefix: 64 };
    if (!taken.some((other) => overlaps(subnet, other))) return subnet;
  }
}
