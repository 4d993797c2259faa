/** IP addresses as text. node:net has these too, but loading it costs every start a millisecond. */

export function isIPv4(text: string): boolean {
  const parts = text.split('.');
  return parts.length === 4 && parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255);
}

/** Without brackets and without a zone (`%eth0`). RFC 4291, section 2.2. */
export function isIPv6(text: string): boolean {
  if (!/^[0-9a-f:.]+$/i.test(text)) return false;
  const halves = text.split('::');
  if (halves.length > 2) return false;
  const groups = halves.flatMap((half) => (half === '' ? [] : half.split(':')));
  const last = groups.at(-1);
  let count = groups.length;
  if (last?.includes('.')) {
    if (!isIPv4(last) || text.endsWith('::')) return false;
    groups.pop();
    count += 1; // an IPv4 tail stands for two groups
  }
  if (!groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return false;
  return halves.length === 2 ? count < 8 : count === 8;
}

export function isAddress(text: string): boolean {
  return isIPv4(text) || isIPv6(text);
}

/** `10.0.2.1` of `10.0.2.1/24`. */
export function bareAddress(text: string): string {
  return text.split('/', 1)[0]!;
}

/** 127.0.0.0/8, ::1, and IPv4's loopback written as IPv6. */
export function isLoopback(text: string): boolean {
  if (isIPv4(text)) return text.startsWith('127.');
  return text === '::1' || /^(0+:){7}0*1$/.test(text) || /^::ffff:127\./i.test(text);
}

export interface IPv4Network {
  /** The network's own address as a number: 10.0.2.0 is 0x0a000200. */
  base: number;
  prefix: number;
}

export function numberOf(address: string): number {
  return address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
}

export function textOf(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 0xff).join('.');
}

/** `10.0.2.0/24`; undefined for anything else, also for an address within the network (10.0.2.1/24). */
export function parseIPv4Network(text: string): IPv4Network | undefined {
  const [address = '', prefixText = '', ...rest] = text.split('/');
  if (rest.length > 0 || !isIPv4(address) || !/^\d{1,2}$/.test(prefixText)) return undefined;
  const prefix = Number(prefixText);
  const base = numberOf(address);
  if (prefix > 32 || base % 2 ** (32 - prefix) !== 0) return undefined;
  return { base, prefix };
}
