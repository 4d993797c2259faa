/** The network flags of `run` and `create`, read and checked, before anything is looked up on the host. */

import { isAddress } from '../../../netns/address.ts';
import { parseAlias, parseIp, parseMac } from '../../../netns/bridge-options.ts';
import { type HostEntry, parseAddHost } from '../../../netns/hosts.ts';
import { type NetworkMode, parseNetworkMode } from '../../../netns/mode.ts';
import {
  type ExposedPort,
  type PortRequest,
  parseExpose,
  parsePublish,
  requestsForExposed,
} from '../../../netns/port.ts';
import type { DnsWish } from '../../../netns/resolv-conf.ts';
import { PodError } from '../../error.ts';
import type { ContainerOptions } from '../options.ts';

export type NetworkFlags = Pick<
  ContainerOptions,
  | 'network'
  | 'ip'
  | 'ip6'
  | 'macAddress'
  | 'networkAlias'
  | 'publish'
  | 'publishAll'
  | 'expose'
  | 'addHost'
  | 'noHosts'
  | 'dns'
  | 'dnsSearch'
  | 'dnsOption'
  | 'hostname'
>;

export interface NetworkOptions {
  mode: NetworkMode;
  /** Empty in modes that publish nothing. */
  publish: PortRequest[];
  /** Of `--expose` and the image, each once, in their order. */
  exposed: ExposedPort[];
  dns: DnsWish;
  addHosts: HostEntry[];
  /** As asked; undefined: the caller's choice. */
  hostname: string | undefined;
  /** Sentences for the user: what was asked and has no effect here. */
  notices: string[];
}

function wrong(flag: string, value: string, why: string, hint?: string): PodError {
  return new PodError({ code: 'usage', message: `cannot use ${flag} ${value}`, why, hint });
}

/** Docker's words: what the network of another container already has can't be chosen again. */
function refuseForShared(flags: NetworkFlags): void {
  const conflicts: [boolean, string][] = [
    [(flags.hostname ?? '') !== '', 'hostname and the network mode'],
    [flags.publish.length > 0 || flags.publishAll, 'port publishing and the container type network mode'],
    [flags.expose.length > 0, 'port exposing and the container type network mode'],
    [flags.dns.length + flags.dnsSearch.length + flags.dnsOption.length > 0, 'dns and the network mode'],
    [flags.addHost.length > 0 || flags.noHosts === true, 'custom host-to-IP mapping and the network mode'],
  ];
  const [, words] = conflicts.find(([given]) => given) ?? [];
  if (words === undefined) return;
  throw new PodError({
    code: 'usage',
    message: `conflicting options: ${words}`,
    why: `the container of --network ${flags.network[0]} has that already`,
  });
}

const NO_SPACE = /^[^\s#;\p{Cc}]+$/u; // what can stand as one word in resolv.conf(5)

function readDns(flags: NetworkFlags): DnsWish {
  for (const server of flags.dns)
    if (server !== 'none' && !isAddress(server)) throw wrong('--dns', server, 'it is not an IP address');
  if (flags.dns.includes('none') && flags.dns.length + flags.dnsSearch.length + flags.dnsOption.length > 1)
    throw wrong(
      '--dns',
      'none',
      "it leaves the image's resolv.conf as it is, so no other DNS flag can go with it",
    );
  for (const domain of flags.dnsSearch)
    if (!NO_SPACE.test(domain)) throw wrong('--dns-search', domain, 'it is not a domain');
  for (const option of flags.dnsOption)
    if (!NO_SPACE.test(option)) throw wrong('--dns-option', option, 'it is not an option of resolv.conf');
  return { servers: flags.dns, search: flags.dnsSearch, options: flags.dnsOption };
}

/** The kernel takes 64 bytes (sethostname(2)); the letters are docker's. */
function readHostname(hostname: string | undefined): string | undefined {
  if (hostname === undefined || hostname === '') return undefined;
  if (hostname.length > 64 || !/^[a-z0-9]([a-z0-9._-]*[a-z0-9])?$/i.test(hostname))
    throw wrong(
      '--hostname',
      hostname,
      'a host name has at most 64 letters, digits, dots, dashes and underscores, with a letter or digit at both ends',
    );
  return hostname;
}

function readExposed(flags: NetworkFlags, image: readonly string[]): ExposedPort[] {
  const known = new Map<string, ExposedPort>();
  for (const text of [...image, ...flags.expose])
    for (const exposed of parseExpose(text)) known.set(`${exposed.port}/${exposed.protocol}`, exposed);
  return [...known.values()];
}

const PUBLISHES = ['slirp4netns', 'pasta', 'bridge', 'container'];

/** In the host's network there is nothing to publish, with none no way. */
function readPublish(
  flags: NetworkFlags,
  mode: NetworkMode,
  exposed: readonly ExposedPort[],
  notices: string[],
): PortRequest[] {
  const asked = flags.publish.flatMap(parsePublish);
  const all = flags.publishAll ? [...asked, ...requestsForExposed(exposed, asked)] : asked;
  if (PUBLISHES.includes(mode.kind) || all.length === 0) return all;
  if (mode.kind !== 'host') {
    const name = mode.kind === 'path' ? `ns:${mode.path}` : mode.kind;
    throw wrong(
      '--publish',
      flags.publish[0] ?? '(-P)',
      `--network ${name} publishes no ports`,
      'leave --network out',
    );
  }
  for (const { hostPorts, containerPort } of all)
    if (hostPorts && (hostPorts[0] > containerPort || hostPorts[1] < containerPort))
      throw wrong(
        '--publish',
        `${hostPorts[0]}:${containerPort}`,
        `in the host's network port ${containerPort} is the host's port ${containerPort}`,
        'leave --network host out',
      );
  notices.push("--publish does nothing with --network host: the container's ports are the host's own");
  return [];
}

/** The network, or all of them: only those of the user's own can be several. */
function readMode(flags: NetworkFlags): NetworkMode {
  const [first, ...others] = flags.network.map(parseNetworkMode);
  const mode = first ?? parseNetworkMode(undefined);
  if (mode.kind !== 'bridge') {
    if (others.length > 0)
      throw new PodError({
        code: 'unsupported',
        message: `cannot use --network ${flags.network.join(' and --network ')} together`,
        why: `${flags.network[0]} is no network that others could be beside`,
      });
    refuseBridgeFlags(flags);
    return mode;
  }
  const networks = [...mode.networks];
  for (const [index, other] of others.entries()) {
    if (other.kind !== 'bridge')
      throw wrong('--network', flags.network[index + 1]!, 'it can only be the one network of a container');
    networks.push(...other.networks);
  }
  const [one] = networks;
  if (networks.length > 1 && (flags.ip || flags.ip6 || flags.macAddress))
    throw wrong(
      flags.macAddress ? '--mac-address' : '--ip',
      flags.ip ?? flags.ip6 ?? flags.macAddress ?? '',
      'it does not tell for which network',
      `--network ${one!.network}:ip=…,mac=…`,
    );
  if (flags.ip) one!.addresses.push(parseIp('--ip', flags.ip));
  if (flags.ip6) one!.addresses.push(parseIp('--ip6', flags.ip6));
  if (flags.macAddress) one!.mac = parseMac('--mac-address', flags.macAddress);
  const aliases = (flags.networkAlias ?? []).map((alias) => parseAlias('--network-alias', alias));
  for (const network of networks) network.aliases.push(...aliases);
  return { kind: 'bridge', networks };
}

function refuseBridgeFlags({ ip, ip6, macAddress, networkAlias = [] }: NetworkFlags): void {
  const given: [string, string | undefined][] = [
    ['--ip', ip],
    ['--ip6', ip6],
    ['--mac-address', macAddress],
    ['--network-alias', networkAlias[0]],
  ];
  const [flag, value] = given.find(([, one]) => one !== undefined) ?? [];
  if (flag !== undefined)
    throw wrong(
      flag,
      value!,
      'the container is in no network of yours',
      'tsc-pod network create NAME; … --network NAME',
    );
}

/** Reads the flags; `imageExposed` are the keys of the image's ExposedPorts. Throws PodError `usage` or `unsupported`. */
export function readNetworkOptions(
  flags: NetworkFlags,
  imageExposed: readonly string[] = [],
): NetworkOptions {
  const mode = readMode(flags);
  if (mode.kind === 'container') refuseForShared(flags);
  if (flags.noHosts && flags.addHost.length > 0)
    throw wrong('--add-host', flags.addHost[0]!, '--no-hosts leaves no file for it');
  const notices: string[] = [];
  const exposed = readExposed(flags, imageExposed);
  return {
    mode,
    publish: readPublish(flags, mode, exposed, notices),
    exposed,
    dns: readDns(flags),
    addHosts: flags.addHost.map(parseAddHost),
    hostname: readHostname(flags.hostname),
    notices,
  };
}
