/** Following redirects: credentials stay with the origin they are for, and TLS is never left. */

import { printable } from '../reference.ts';
import { RegistryError } from './error.ts';
import type { Answer, Exchange, Transport } from './transport.ts';

const MOST_REDIRECTS = 10;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);
/** Headers that belong to one origin. */
const SECRET = new Set(['authorization', 'cookie', 'proxy-authorization']);

/** Sends a request and goes where it is sent on to. */
export async function sendFollowing(transport: Transport, exchange: Exchange): Promise<Answer> {
  let current = exchange;
  for (let hops = 0; ; hops++) {
    const answer = await transport.send(current);
    const location = answer.headers.location;
    if (!REDIRECTS.has(answer.status) || location === undefined) return answer;
    answer.body.destroy();
    if (hops === MOST_REDIRECTS) throw refusal(exchange.url, 'it redirects too often');
    current = redirected(current, location);
  }
}

/** Where a Location header of an answer from `from` leads: never from https to http. */
export function resolveLocation(from: URL, location: string): URL {
  let url: URL;
  try {
    url = new URL(location, from);
  } catch {
    throw refusal(from, `it redirects to what is no address: ${printable(location, 60)}`);
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    throw refusal(from, `it redirects to ${printable(url.protocol, 20)}`);
  }
  if (from.protocol === 'https:' && url.protocol === 'http:') {
    throw refusal(from, `it redirects from https to http (${url.host})`);
  }
  url.username = '';
  url.password = '';
  return url;
}

function redirected(exchange: Exchange, location: string): Exchange {
  const url = resolveLocation(exchange.url, location);
  if (url.origin === exchange.url.origin) return { ...exchange, url };
  if (typeof exchange.body === 'string')
    throw refusal(exchange.url, `it redirects credentials to ${url.host}`);
  const headers = Object.entries(exchange.headers).filter(([name]) => !SECRET.has(name.toLowerCase()));
  return { ...exchange, url, headers: Object.fromEntries(headers) };
}

function refusal(from: URL, why: string): RegistryError {
  const registry = from.host;
  return new RegistryError({ code: 'network', message: `cannot follow registry ${registry}`, why, registry });
}
