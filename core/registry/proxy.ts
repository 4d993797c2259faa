/** Which proxy a request goes through: HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY, read as curl and Go do. */

import type { Environment } from '../config/read-config.ts';
import { PodError } from '../error.ts';

/**
 * The proxy's address for a URL; undefined to connect directly. Throws PodError `usage` and `unsupported` for one that can't
 * be used: past it would be where the user doesn't want to be seen. The address may hold a password: no error has it.
 */
export function proxyFor(url: URL, env: Environment): string | undefined {
  const host = url.hostname.replace(/^\[|\]$/g, '').toLowerCase();
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  if (isLoopback(host)) return undefined;
  const proxy =
    url.protocol === 'https:'
      ? env.https_proxy || env.HTTPS_PROXY || env.all_proxy || env.ALL_PROXY
      : // Upper-case HTTP_PROXY can be set by a client's header in a CGI program: REQUEST_METHOD tells.
        env.http_proxy || (env.REQUEST_METHOD ? undefined : env.HTTP_PROXY) || env.all_proxy || env.ALL_PROXY;
  if (!proxy || isExempt(host, port, env.no_proxy || env.NO_PROXY || '')) return undefined;
  const address = /^[a-z][a-z0-9+.-]*:\/\//i.test(proxy) ? proxy : `http://${proxy}`;
  const { protocol } = URL.parse(address) ?? {};
  if (protocol === 'http:' || protocol === 'https:') return address;
  throw new PodError({
    code: protocol === undefined ? 'usage' : 'unsupported',
    message: `cannot reach ${url.host} by the proxy that the environment names`,
    why:
      protocol === undefined ? 'its address is none' : `it is ${protocol}//, and only HTTP proxies are known`,
    hint: `HTTPS_PROXY=http://HOST:PORT names another one, NO_PROXY=${host} goes without`,
  });
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(?:\.\d+){3}$/.test(host);
}

/** NO_PROXY: names (with their subdomains), ".suffix", "*.suffix", addresses, CIDR ranges, each with ":port", or "*". */
function isExempt(host: string, port: string, list: string): boolean {
  for (const item of list.toLowerCase().split(/[\s,]+/)) {
    if (item === '') continue;
    if (item === '*') return true;
    if (item.includes('/')) {
      if (inRange(host, item)) return true;
      continue;
    }
    const [, name = '', onlyPort] = /^\[?(.*?)\]?(?::(\d+))?$/.exec(unbracketed(item)) ?? [];
    if (onlyPort !== undefined && onlyPort !== port) continue;
    const bare = name.replace(/^\*?\./, '');
    if (host === bare || host.endsWith(`.${bare}`)) return true;
  }
  return false;
}

/** A bare IPv6 address has colons that are not a port's. */
function unbracketed(item: string): string {
  return !item.startsWith('[') && (item.match(/:/g)?.length ?? 0) > 1 ? `[${item}]` : item;
}

function inRange(host: string, range: string): boolean {
  const slash = range.indexOf('/');
  const address = addressBits(host);
  const network = addressBits(range.slice(0, slash));
  const length = range.slice(slash + 1);
  if (address === undefined || network === undefined || address.length !== network.length) return false;
  // "10.0.0.0/", which ends in no length, is not everybody.
  return /^\d{1,3}$/.test(length) && address.slice(0, +length) === network.slice(0, +length);
}

/** An address as a string of 0 and 1: 32 of them, or 128. */
function addressBits(address: string): string | undefined {
  const bits = (value: number, width: number): string => value.toString(2).padStart(width, '0');
  if (/^\d+(?:\.\d+){3}$/.test(address)) {
    const parts = address.split('.').map(Number);
    return parts.every((part) => part < 256) ? parts.map((part) => bits(part, 8)).join('') : undefined;
  }
  if (!/^[0-9a-f:]+$/.test(address) || !address.includes(':')) return undefined;
  const [head = '', tail] = address.split('::');
  const groups = (text: string): string[] => (text === '' ? [] : text.split(':'));
  const left = groups(head);
  const right = tail === undefined ? [] : groups(tail);
  const missing = 8 - left.length - right.length;
  if (missing < 0 || (tail === undefined && missing !== 0)) return undefined;
  const all = [...left, ...Array(missing).fill('0'), ...right];
  return all.map((group) => bits(Number.parseInt(group, 16), 16)).join('');
}
