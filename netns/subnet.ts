/** IP networks of both families as numbers: RFC 4291, RFC 4632. */

import { isIPv4, isIPv6 } from './address.ts';

export interface Subnet {
  version: 4 | 6;
  /** The network's own address. */
  base: bigint;
  prefix: number;
}

const BITS = { 4: 32, 6: 128 } as const;

/** An address as a number; undefined for what is none. */
export function addressNumber(text: string): bigint | undefined {
  if (isIPv4(text)) return text.split('.').reduce((sum, part) => sum * 256n + BigInt(part), 0n);
  if (!isIPv6(text)) return undefined;
  const tail = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text);
  const last = tail && addressNumber(tail[2]!)!;
  const whole =
    last == null ? text : `${tail![1]}${(last >> 16n).toString(16)}:${(last & 0xffffn).toString(16)}`;
  const [left = [], right = []] = whole.split('::').map((half) => (half === '' ? [] : half.split(':')));
  const missing = Array.from({ length: 8 - left.length - right.length }, () => '0');
  return [...left, ...missing, ...right].reduce((sum, group) => sum * 65536n + BigInt(`0x${group}`), 0n);
}

/** RFC 5952: lower case, the longest run of zero groups as `::`. */
export function addressText(version: 4 | 6, number: bigint): string {
  if (version === 4) return [24n, 16n, 8n, 0n].map((shift) => (number >> shift) & 0xffn).join('.');
  const groups = Array.from({ length: 8 }, (_, i) => (number >> BigInt(112 - 16 * i)) & 0xffffn);
  const text = groups.map((group) => group.toString(16)).join(':');
  const runs = [...text.matchAll(/\b0(?::0)+\b/g)].sort(
    (a, b) => b[0].length - a[0].length || a.index - b.index,
  );
  const [run] = runs;
  if (!run) return text;
  const [before, after] = [text.slice(0, run.index), text.slice(run.index + run[0].length)];
  return `${before.replace(/:$/, '')}::${after.replace(/^:/, '')}`;
}

/** `10.89.0.0/24`, `fd00::/64`; an address within the network stands for the network. undefined: it is none. */
export function parseSubnet(text: string): Subnet | undefined {
  const [address = '', prefixText = '', ...rest] = text.split('/');
  const number = addressNumber(address);
  if (number === undefined || rest.length > 0 || !/^\d{1,3}$/.test(prefixText)) return undefined;
  const version = address.includes(':') ? 6 : 4;
  const prefix = Number(prefixText);
  if (prefix > BITS[version]) return undefined;
  return { version, base: number - (number % sizeOf({ version, prefix })), prefix };
}

export function sizeOf({ version, prefix }: Pick<Subnet, 'version' | 'prefix'>): bigint {
  return 1n << BigInt(BITS[version] - prefix);
}

export function subnetText({ version, base, prefix }: Subnet): string {
  return `${addressText(version, base)}/${prefix}`;
}

export function contains(subnet: Subnet, address: string): boolean {
  const number = addressNumber(address);
  if (number === undefined || address.includes(':') !== (subnet.version === 6)) return false;
  return number >= subnet.base && number < subnet.base + sizeOf(subnet);
}

export function overlaps(a: Subnet, b: Subnet): boolean {
  return a.version === b.version && a.base < b.base + sizeOf(b) && b.base < a.base + sizeOf(a);
}
