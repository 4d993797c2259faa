/** `--network NAME:ip=…,mac=…,alias=…,interface_name=…`, as podman has it: podman-run(1). */

import { PodError } from '../core/error.ts';
import { isAddress } from './address.ts';

/** A bridge network that a container is to be in. */
export interface BridgeWish {
  /** Name, or the beginning of an id. */
  network: string;
  /** Addresses that it must have. */
  addresses: string[];
  mac?: string | undefined;
  aliases: string[];
  interface?: string | undefined;
}

function wrong(what: string, why: string): PodError {
  return new PodError({ code: 'usage', message: `cannot use ${what}`, why });
}

/** A unicast hardware address, in lower case with colons. Throws PodError `usage`. */
export function parseMac(flag: string, text: string): string {
  const mac = text.toLowerCase().replaceAll('-', ':');
  if (!/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/.test(mac))
    throw wrong(`${flag} ${text}`, 'it is no hardware address');
  if (Number.parseInt(mac.slice(0, 2), 16) & 1)
    throw wrong(`${flag} ${text}`, 'it is the address of a group');
  return mac;
}

/** A name that others may ask for: letters, digits, `-`, `_`, in labels with dots. Throws PodError `usage`. */
export function parseAlias(flag: string, text: string): string {
  if (text.length <= 253 && /^[a-z0-9_]([a-z0-9_-]{0,62})(\.[a-z0-9_][a-z0-9_-]{0,62})*$/i.test(text))
    return text;
  throw wrong(`${flag} ${text}`, 'a name has letters, digits, "-" and "_"');
}

function isInterface(text: string): boolean {
  return /^[a-z0-9_.-]{1,15}$/i.test(text) && !/^(lo|\.|\.\.)$/.test(text);
}

/** Docker's `--driver-opt`: an interface's name is all that it can say here. Throws PodError `usage`. */
export function parseEndpointOptions(words: readonly string[]): string | undefined {
  let name: string | undefined;
  for (const word of words) {
    const [key, value = ''] = word.split(/=(.*)/s, 2);
    if (key !== 'com.docker.network.endpoint.ifname' || !isInterface(value))
      throw wrong(`--driver-opt ${word}`, 'com.docker.network.endpoint.ifname=NAME is the one that is there');
    name = value;
  }
  return name;
}

export function parseIp(flag: string, text: string): string {
  if (!isAddress(text)) throw wrong(`${flag} ${text}`, 'it is no IP address');
  return text;
}

/** Docker's long form, `name=NET,alias=…,ip=…,mac-address=…`: docker-run(1). Throws PodError `usage`. */
export function parseLongForm(text: string): BridgeWish {
  const wish: BridgeWish = { network: '', addresses: [], aliases: [] };
  for (const word of text.split(',')) {
    const [key = '', value = ''] = word.split(/=(.*)/s, 2);
    const flag = `--network ${key}`;
    if (key === 'name') wish.network = value;
    else if (key === 'ip' || key === 'ip6') wish.addresses.push(parseIp(flag, value));
    else if (key === 'mac-address') wish.mac = parseMac(flag, value);
    else if (key === 'alias') wish.aliases.push(parseAlias(flag, value));
    else if (key === 'driver-opt') wish.interface = parseEndpointOptions([value]);
    else
      throw wrong(
        `--network ${text}`,
        `${word} is none of name=, alias=, ip=, ip6=, mac-address=, driver-opt=`,
      );
  }
  return wish;
}

/** What follows the network's name and a colon. Throws PodError `usage`. */
export function parseBridgeOptions(network: string, text: string): BridgeWish {
  const wish: BridgeWish = { network, addresses: [], aliases: [] };
  for (const word of text === '' ? [] : text.split(',')) {
    const [key = '', value = ''] = word.split(/=(.*)/s, 2);
    const flag = `--network ${network}:${key}`;
    if (key === 'ip' || key === 'ip6') wish.addresses.push(parseIp(flag, value));
    else if (key === 'mac') wish.mac = parseMac(flag, value);
    else if (key === 'alias') wish.aliases.push(parseAlias(flag, value));
    else if (key === 'interface_name' && isInterface(value)) wish.interface = value;
    else
      throw wrong(`--network ${network}:${word}`, 'it is none of ip=, ip6=, mac=, alias=, interface_name=');
  }
  return wish;
}
