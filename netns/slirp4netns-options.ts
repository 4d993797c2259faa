/** `--network slirp4netns:NAME=VALUE,...`, as podman has it: podman-run(1), slirp4netns(1). */

import { PodError } from '../core/error.ts';
import { bareAddress, isIPv4, isIPv6, numberOf, parseIPv4Network, textOf } from './address.ts';

export interface Slirp4netnsOptions {
  /** Bytes. */
  mtu: number;
  /** The namespace's IPv4 network: `10.0.2.0/24`. */
  cidr: string;
  enableIpv6: boolean;
  /** 10.0.2.2 and fd00::2 are the host's loopback, with all that listens there. */
  allowHostLoopback: boolean;
  /** An address or interface of the host's that connections go out from. */
  outboundAddr?: string;
  outboundAddr6?: string;
  /** Its own forwarding of TCP ports, instead of ours: publish.ts. */
  ownPortHandler?: true | undefined;
}

export const DEFAULT_SLIRP4NETNS: Slirp4netnsOptions = {
  mtu: 65520,
  cidr: '10.0.2.0/24',
  enableIpv6: true,
  allowHostLoopback: false,
};

/** Where things are in the namespace: slirp4netns fixes the last numbers. */
export interface Slirp4netnsAddresses {
  /** The container's own: 10.0.2.100. Its IPv6 address comes by router advertisement, so nobody knows it yet. */
  guest: string;
  /** The gateway, which is the host's loopback where that is allowed: 10.0.2.2. */
  gateway: string;
  /** Passes questions on to the host's resolver, its loopback's too: 10.0.2.3. */
  dns: string;
}

/** The host's loopback by IPv6, where that is allowed. */
export const SLIRP4NETNS_GATEWAY6 = 'fd00::2';

export function slirp4netnsAddresses(cidr: string): Slirp4netnsAddresses {
  const base = numberOf(bareAddress(cidr));
  return { guest: textOf(base + 100), gateway: textOf(base + 2), dns: textOf(base + 3) };
}

const MTU_MAX = 65521; // slirp4netns refuses more
const PREFIX_MAX = 25; // and a network without an address .100

function wrong(word: string, why: string, hint?: string): PodError {
  return new PodError({
    code: 'usage',
    message: `cannot use --network slirp4netns:${word}`,
    why,
    hint,
  });
}

function truth(word: string, value: string): boolean {
  if (value === 'true') return true;
  if (value === 'false') return false;
  throw wrong(word, `${value} is neither true nor false`);
}

/** An address of the family, or an interface's name (at most 15 bytes, no slash). */
function outbound(word: string, value: string, isFamily: (text: string) => boolean): string {
  const name = /^[^\s/:]{1,15}$/.test(value) && !/^[\d.]+$/.test(value);
  if (!isFamily(value) && !name) throw wrong(word, `${value} is neither an address nor an interface`);
  return value;
}

function apply(options: Slirp4netnsOptions, word: string): Slirp4netnsOptions {
  const [name = '', value = ''] = word.split(/=(.*)/s, 2);
  switch (name) {
    case 'mtu': {
      const mtu = Number(value);
      if (!/^\d+$/.test(value) || mtu < 1 || mtu > MTU_MAX)
        throw wrong(word, `the MTU is 1 to ${MTU_MAX} bytes`);
      return { ...options, mtu };
    }
    case 'cidr': {
      const network = parseIPv4Network(value);
      if (!network || network.prefix > PREFIX_MAX || network.prefix === 0)
        throw wrong(
          word,
          `it is not an IPv4 network of at most /${PREFIX_MAX}`,
          '--network slirp4netns:cidr=10.0.3.0/24',
        );
      return { ...options, cidr: value };
    }
    case 'enable_ipv6':
      return { ...options, enableIpv6: truth(word, value) };
    case 'allow_host_loopback':
      return { ...options, allowHostLoopback: truth(word, value) };
    case 'outbound_addr':
      return { ...options, outboundAddr: outbound(word, value, isIPv4) };
    case 'outbound_addr6':
      return { ...options, outboundAddr6: outbound(word, value, isIPv6) };
    case 'port_handler':
      // What podman has by that name carries connections on as ours does.
      if (value === 'rootlesskit') return { ...options, ownPortHandler: undefined };
      if (value === 'slirp4netns') return { ...options, ownPortHandler: true };
      throw wrong(word, `${value} is neither rootlesskit nor slirp4netns`);
    default:
      throw wrong(
        word,
        'there is no such option',
        'it has mtu, cidr, enable_ipv6, allow_host_loopback, outbound_addr, outbound_addr6, port_handler',
      );
  }
}

/** The text behind `slirp4netns:`; empty for the defaults. Throws PodError `usage`. */
export function parseSlirp4netnsOptions(text: string): Slirp4netnsOptions {
  return text
    .split(',')
    .filter((word) => word !== '')
    .reduce(apply, DEFAULT_SLIRP4NETNS);
}
