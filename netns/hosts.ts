/** The container's /etc/hosts: hosts(5). */

import { PodError } from '../core/error.ts';
import { isAddress } from './address.ts';

/** `--add-host`: one address, one name or more. */
export interface HostEntry {
  names: string[];
  /** An address, or `host-gateway`: where the container reaches the host. */
  address: string;
}

export interface HostsWish {
  /** Text to start from: the host's own file, in the host's network. */
  base?: string | undefined;
  /** The container's own names: its host name, then its container name. */
  names: readonly string[];
  /** Its address; its loopback's where it has no other. */
  address: string;
  /** Where the container reaches the host; undefined where it can't. */
  hostAddress?: string | undefined;
  extra: readonly HostEntry[];
}

export const HOST_NAMES = ['host.containers.internal', 'host.docker.internal'];

const LOOPBACK = [
  '127.0.0.1\tlocalhost',
  '::1\tlocalhost ip6-localhost ip6-loopback',
  'fe00::\tip6-localnet',
  'ff00::\tip6-mcastprefix',
  'ff02::1\tip6-allnodes',
  'ff02::2\tip6-allrouters',
];

const HOST_GATEWAY = 'host-gateway';

/** `NAME[;NAME...]:ADDRESS` or, as docker also has it, `NAME=ADDRESS`. Throws PodError `usage`. */
export function parseAddHost(text: string): HostEntry {
  const wrong = (why: string): PodError =>
    new PodError({
      code: 'usage',
      message: `cannot use --add-host ${text}`,
      why,
      hint: '--add-host NAME:ADDRESS, or NAME:host-gateway',
    });
  const found = /^([^:=]*)[:=](.*)$/s.exec(text);
  if (!found) throw wrong('it has no address');
  const names = (found[1] ?? '').split(';');
  for (const name of names)
    if (!/^[\w.-]+$/.test(name)) throw wrong(name === '' ? 'a name is empty' : `${name} is not a host name`);
  const address = (found[2] ?? '').replace(/^\[(.*)\]$/, '$1');
  if (address !== HOST_GATEWAY && !isAddress(address))
    throw wrong(`${address || 'nothing'} is not an IP address`);
  return { names, address };
}

function entryLine(entry: HostEntry, hostAddress: string | undefined): string {
  const address = entry.address === HOST_GATEWAY ? hostAddress : entry.address;
  if (address === undefined)
    throw new PodError({
      code: 'unsupported',
      message: `cannot use --add-host ${entry.names.join(';')}:${HOST_GATEWAY}`,
      why: 'this network has no way to the host',
      hint: '--network slirp4netns:allow_host_loopback=true',
    });
  return `${address}\t${entry.names.join(' ')}`;
}

/** What the user adds stands first: the first line with a name is the one that counts. */
export function hostsText(wish: HostsWish): string {
  const added = wish.extra.map((entry) => entryLine(entry, wish.hostAddress));
  const taken = new Set(wish.extra.flatMap((entry) => entry.names));
  const start = wish.base === undefined ? LOOPBACK : wish.base.replace(/\n+$/, '').split('\n');
  const lines = [...added, ...start];
  const free = (names: readonly string[]): string =>
    [...new Set(names)].filter((name) => !taken.has(name)).join(' ');
  const own = free(wish.names);
  if (own) lines.push(`${wish.address}\t${own}`);
  const host = free(HOST_NAMES);
  if (host && wish.hostAddress) lines.push(`${wish.hostAddress}\t${host}`);
  return lines.map((line) => `${line}\n`).join('');
}
