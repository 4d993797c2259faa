/** The container's /etc/resolv.conf: resolv.conf(5). */

import { readFileSync } from 'node:fs';
import { isIPv4, isIPv6, isLoopback } from './address.ts';

/** What `--dns`, `--dns-search` and `--dns-option` say; empty lists where they aren't given. */
export interface DnsWish {
  /** Addresses, or the one word `none`: the image's own file stays. */
  servers: readonly string[];
  /** Domains, or the one word `.`: none. */
  search: readonly string[];
  options: readonly string[];
}

export interface ResolvConf {
  nameservers: string[];
  search: string[];
  options: string[];
}

export function parseResolvConf(text: string): ResolvConf {
  const result: ResolvConf = { nameservers: [], search: [], options: [] };
  for (const line of text.split('\n')) {
    const [keyword, ...words] = line.trim().split(/\s+/);
    if (keyword === 'nameserver' && words[0]) result.nameservers.push(words[0]);
    else if (keyword === 'search' || keyword === 'domain')
      result.search = words.filter((word) => word !== '.');
    else if (keyword === 'options') result.options.push(...words);
  }
  return result;
}

const HOST_FILE = '/etc/resolv.conf';
const BEHIND_STUB = '/run/systemd/resolve/resolv.conf';
const STUBS = new Set(['127.0.0.53', '127.0.0.54']); // systemd-resolved.service(8)

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/** The host's file; with systemd-resolved's stub alone in it, the one that names the servers behind. */
function hostResolvConf(read: (path: string) => string | undefined = readText): string {
  const text = read(HOST_FILE) ?? '';
  const { nameservers } = parseResolvConf(text);
  const stub = nameservers.length > 0 && nameservers.every((server) => STUBS.has(server));
  return (stub && read(BEHIND_STUB)) || text;
}

/** Servers of the host's own file. */
export function hostServers(read: (path: string) => string | undefined = readText): string[] {
  return parseResolvConf(read(HOST_FILE) ?? '').nameservers;
}

function formatResolvConf({ nameservers, search, options }: ResolvConf): string {
  const lines = search.length > 0 ? [`search ${search.join(' ')}`] : [];
  lines.push(...nameservers.map((server) => `nameserver ${server}`));
  if (options.length > 0) lines.push(`options ${options.join(' ')}`);
  return lines.map((line) => `${line}\n`).join('');
}

export interface ResolverReach {
  /** Servers of the network's own, asked first; they follow the host's resolver as it changes. */
  own: readonly string[];
  /** The namespace has a way out by IPv6. */
  ipv6: boolean;
  /** Only those know all names: no server of the host's stands beside them. */
  alone?: boolean;
}

/** A server of the host's that a namespace of its own can reach: not at a loopback, not by an interface (`%eth0`). */
function isReachable(server: string, ipv6: boolean): boolean {
  return (isIPv4(server) || (ipv6 && isIPv6(server) && !/^fe[89ab]/i.test(server))) && !isLoopback(server);
}

/**
 * Those of `--dns` that a network's resolver asks in the container's place, so that names of its members stay known to it:
 * none where one is at a loopback, which is the container's own.
 */
export function serversBehind(servers: readonly string[]): readonly string[] {
  return servers.includes('none') || servers.some(isLoopback) ? [] : servers;
}

/**
 * Text of the file, or undefined where the image's own is to stay (`--dns none`). `reach` is undefined in the host's
 * network, where the host's file is right as it is. Never has a server that neither the host nor the user named.
 */
export function resolvConfText(
  wish: DnsWish,
  reach: ResolverReach | undefined,
  read?: (path: string) => string | undefined,
): string | undefined {
  if (wish.servers.includes('none')) return undefined;
  const asked = wish.servers.length + wish.search.length + wish.options.length > 0;
  if (!reach && !asked) return (read ?? readText)(HOST_FILE) ?? '';
  const host = parseResolvConf(reach ? hostResolvConf(read) : ((read ?? readText)(HOST_FILE) ?? ''));
  const inherited = reach
    ? [...reach.own, ...host.nameservers.filter((server) => !reach.alone && isReachable(server, reach.ipv6))]
    : host.nameservers;
  const behind = reach?.alone && reach.own.length > 0 && serversBehind(wish.servers).length > 0;
  return formatResolvConf({
    nameservers: [...new Set(wish.servers.length > 0 && !behind ? wish.servers : inherited)],
    search: wish.search.length > 0 ? wish.search.filter((domain) => domain !== '.') : host.search,
    options: wish.options.length > 0 ? [...wish.options] : host.options,
  });
}
