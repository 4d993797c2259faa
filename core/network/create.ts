import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { freeSubnet4, freeSubnet6, hostSubnets } from '../../netns/free-subnet.ts';
import {
  addressNumber,
  addressText,
  contains,
  overlaps,
  parseSubnet,
  type Subnet,
  sizeOf,
  subnetText,
} from '../../netns/subnet.ts';
import { checkName, newId, randomName } from '../container/name.ts';
import { PodError } from '../error.ts';
import { emitEvent } from '../events.ts';
import { withLock } from '../lock.ts';
import type { Paths } from '../paths.ts';
import { randomBytes } from '../random.ts';
import { makeNetwork, type NetworkRecord, type NetworkSubnet, readNetwork, storedNetworks } from './store.ts';

export interface NetworkWish {
  /** undefined: one is chosen. */
  name?: string | undefined;
  subnets?: string[];
  gateways?: string[];
  ranges?: string[];
  /** Addresses that others have: by their names. */
  reserved?: Record<string, string>;
  internal?: boolean;
  /** false: it has IPv6 alone. */
  ipv4?: boolean;
  ipv6?: boolean;
  disableDns?: boolean;
  labels?: Record<string, string>;
  options?: Record<string, string>;
  /** One of that name is no error. */
  ignore?: boolean;
}

/** Words of --network that are no networks. */
const MODES = ['none', 'host', 'slirp4netns', 'pasta', 'private', 'default', 'container', 'ns'];

function wrong(what: string, why: string, hint?: string): PodError {
  return new PodError({ code: 'usage', message: `cannot use ${what}`, why, hint });
}

function readSubnets(wish: NetworkWish): Subnet[] {
  return (wish.subnets ?? []).map((text) => {
    const subnet = parseSubnet(text);
    if (!subnet) throw wrong(`--subnet ${text}`, 'it is no network', '--subnet 10.90.0.0/24');
    if (sizeOf(subnet) < 4n) throw wrong(`--subnet ${text}`, 'it has no room for a gateway and a container');
    return subnet;
  });
}

function refuseOverlap(subnets: readonly Subnet[], networks: readonly NetworkRecord[]): void {
  for (const [index, subnet] of subnets.entries()) {
    const text = subnetText(subnet);
    if (subnets.slice(0, index).some((other) => overlaps(subnet, other)))
      throw wrong(`--subnet ${text}`, 'it overlaps with another one of the same network');
    const other = networks.find((network) =>
      network.subnets.some((one) => overlaps(subnet, parseSubnet(one.subnet)!)),
    );
    if (other)
      throw new PodError({
        code: 'conflict',
        message: `cannot use --subnet ${text}`,
        why: `network ${other.name} has addresses of it`,
        hint: `tsc-pod network rm ${other.name}   # or choose another subnet`,
      });
    if (hostSubnets().some((used) => overlaps(subnet, used)))
      throw new PodError({
        code: 'conflict',
        message: `cannot use --subnet ${text}`,
        why: "the host's own network has addresses of it, which containers could not reach any more",
        hint: 'leave --subnet out: a free one is chosen',
      });
  }
}

/** Each word goes to the subnet that it is in; docker and podman take them in any order. */
function assign(flag: string, words: readonly string[], subnets: readonly Subnet[]): Map<Subnet, string> {
  const chosen = new Map<Subnet, string>();
  for (const word of words) {
    const [address = ''] = word.split('/');
    const subnet = subnets.find((one) => contains(one, address));
    if (!subnet) throw wrong(`${flag} ${word}`, 'it is in no --subnet of this network');
    if (chosen.has(subnet)) throw wrong(`${flag} ${word}`, `${subnetText(subnet)} has one already`);
    chosen.set(subnet, word);
  }
  return chosen;
}

function rangeOf(word: string, subnet: Subnet): string {
  const range = parseSubnet(word);
  if (!range || range.prefix < subnet.prefix)
    throw wrong(`--ip-range ${word}`, `it is no part of ${subnetText(subnet)}`);
  return subnetText(range);
}

function checkOptions(options: Readonly<Record<string, string>>): void {
  for (const [key, value] of Object.entries(options)) {
    if (key === 'mtu' || key === 'com.docker.network.driver.mtu') {
      if (!/^\d{2,5}$/.test(value) || Number(value) < 68 || Number(value) > 65535)
        throw wrong(`--opt ${key}=${value}`, 'an MTU is a number from 68 to 65535');
    } else if (key === 'allow_host_loopback') {
      if (!['true', 'false'].includes(value))
        throw wrong(`--opt ${key}=${value}`, 'it is neither true nor false');
    } else if (key !== 'isolate')
      throw new PodError({
        code: 'unsupported',
        message: `cannot use --opt ${key}=${value}`,
        why: 'the bridge driver has no such option here',
        hint: '--opt mtu=1400, --opt allow_host_loopback=true, --opt isolate=true (which networks always are)',
      });
  }
}

function subnetsOf(wish: NetworkWish, networks: readonly NetworkRecord[]): NetworkSubnet[] {
  const subnets = readSubnets(wish);
  refuseOverlap(subnets, networks);
  const taken = [
    ...networks.flatMap((network) => network.subnets.map(({ subnet }) => parseSubnet(subnet)!)),
    ...hostSubnets(),
  ];
  if (wish.ipv4 === false && (!wish.ipv6 || subnets.some(({ version }) => version === 4)))
    throw wrong(
      '--ipv4=false',
      wish.ipv6 ? 'a --subnet has IPv4' : 'the network would have no addresses',
      '--ipv4=false --ipv6',
    );
  if (subnets.length === 0 && wish.ipv4 !== false) {
    const chosen = freeSubnet4(taken);
    if (!chosen)
      throw new PodError({
        code: 'conflict',
        message: 'cannot find a free subnet',
        hint: 'choose one: --subnet 172.30.0.0/24',
      });
    subnets.push(chosen);
  }
  if (wish.ipv6 && !subnets.some(({ version }) => version === 6))
    subnets.push(freeSubnet6(taken, randomBytes));
  const gateways = assign('--gateway', wish.gateways ?? [], subnets);
  const ranges = assign('--ip-range', wish.ranges ?? [], subnets);
  const reserved = reservedOf(wish, subnets);
  return subnets.map((subnet) => {
    const range = ranges.get(subnet);
    return {
      subnet: subnetText(subnet),
      gateway: gateways.get(subnet) ?? addressText(subnet.version, subnet.base + 1n),
      ...(range !== undefined && { range: rangeOf(range, subnet) }),
      ...(reserved.has(subnet) && { reserved: reserved.get(subnet)! }),
    };
  });
}

function reservedOf(wish: NetworkWish, subnets: readonly Subnet[]): Map<Subnet, Record<string, string>> {
  const reserved = new Map<Subnet, Record<string, string>>();
  for (const [name, address] of Object.entries(wish.reserved ?? {})) {
    const subnet = subnets.find((one) => contains(one, address));
    if (!subnet) throw wrong(`--aux-address ${name}=${address}`, 'it is in no --subnet of this network');
    const number = addressNumber(address)!;
    reserved.set(subnet, { ...reserved.get(subnet), [name]: addressText(subnet.version, number) });
  }
  return reserved;
}

function freeName(paths: Paths): string {
  for (let attempt = 0; ; attempt++) {
    const name = randomName(attempt);
    if (!readNetwork(paths, name)) return name;
  }
}

/** Makes a network and gives its record. Throws PodError `usage`, `conflict` or `unsupported`. */
export async function createNetwork(paths: Paths, wish: NetworkWish): Promise<NetworkRecord> {
  mkdirSync(paths.networks, { recursive: true, mode: 0o700 });
  checkOptions(wish.options ?? {});
  if (wish.name !== undefined) checkName('network', wish.name);
  if (wish.name !== undefined && MODES.includes(wish.name))
    throw wrong(`the name ${wish.name}`, '--network has a meaning for it already');
  return withLock(join(paths.locks, 'networks'), async () => {
    const name = wish.name ?? freeName(paths);
    const there = readNetwork(paths, name);
    if (there && wish.ignore) return there;
    if (there)
      throw new PodError({
        code: 'conflict',
        message: `there is a network ${name}`,
        hint: `tsc-pod network rm ${name}   # or --ignore`,
      });
    const subnets = subnetsOf(wish, storedNetworks(paths));
    const record: NetworkRecord = {
      name,
      id: newId(),
      created: new Date().toISOString(),
      driver: 'bridge',
      subnets,
      internal: wish.internal ?? false,
      ipv6: subnets.some(({ subnet }) => subnet.includes(':')),
      dns: !wish.disableDns,
      labels: wish.labels ?? {},
      options: wish.options ?? {},
    };
    makeNetwork(paths, record);
    emitEvent(paths, {
      type: 'network',
      action: 'create',
      id: record.id,
      attributes: { name, type: 'bridge' },
    });
    return record;
  });
}
