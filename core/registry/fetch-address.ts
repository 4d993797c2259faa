/** A file on the web that is no registry's: an archive to import, a context or an ADD of a build. */

import type { IncomingHttpHeaders } from 'node:http';
import type { Environment } from '../config/read-config.ts';
import { PodError } from '../error.ts';
import { readBody } from './body.ts';
import { RegistryError } from './error.ts';
import { sendFollowing } from './redirect.ts';
import { openTransport } from './transport.ts';

export interface Fetched {
  /** Where it was at last, after redirects. */
  readonly url: URL;
  readonly headers: IncomingHttpHeaders;
  /** Bytes as announced; undefined where nothing was. */
  readonly size: number | undefined;
  /** To be read to its end, or returned from. Throws PodError `network` where it breaks off. */
  readonly bytes: AsyncGenerator<Uint8Array, void, undefined>;
}

/** An address without what may be secret in it. */
export function describeAddress(address: string): string {
  if (!URL.canParse(address)) return 'the address';
  const { protocol, host, pathname } = new URL(address);
  return `${protocol}//${host}${pathname}`;
}

/** Asks for an http(s) address. Throws PodError `usage`, `not-found`, `network`. */
export async function fetchAddress(
  address: string,
  { env, signal }: { env: Environment; signal?: AbortSignal | undefined },
): Promise<Fetched> {
  const message = `cannot fetch ${describeAddress(address)}`;
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (!url) throw new PodError({ code: 'usage', message, why: 'that is no address' });
  const registry = url.host;
  const transport = await openTransport({ env, signal });
  try {
    const headers = { 'user-agent': 'tsc-pod', 'accept-encoding': 'identity', ...credentials(url) };
    const answer = await sendFollowing(transport, { method: 'GET', url, headers, insecure: false, registry });
    if (answer.status !== 200) {
      answer.body.destroy();
      const code = answer.status === 404 ? 'not-found' : 'network';
      throw new PodError({ code, message, why: `the answer is ${answer.status}` });
    }
    const announced = answer.headers['content-length'];
    const size = announced === undefined ? undefined : Number(announced);
    const bytes = checkedBody(readBody(answer, transport.idleTimeout), size, message, () =>
      transport.close(),
    );
    return { url: answer.url, headers: answer.headers, size, bytes };
  } catch (error) {
    transport.close();
    throw named(error, message);
  }
}

/** `user:password@` becomes a header: an address with them is refused, or shown, in too many places. */
function credentials(url: URL): Record<string, string> {
  if (url.username === '' && url.password === '') return {};
  const text = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  url.username = '';
  url.password = '';
  return { authorization: `Basic ${Buffer.from(text).toString('base64')}` };
}

async function* checkedBody(
  body: AsyncIterable<Uint8Array>,
  size: number | undefined,
  message: string,
  close: () => void,
): AsyncGenerator<Uint8Array, void, undefined> {
  let arrived = 0;
  try {
    for await (const chunk of body) {
      arrived += chunk.length;
      yield chunk;
    }
    if (size !== undefined && arrived < size)
      throw new PodError({ code: 'network', message, why: `it ended after ${arrived} of ${size} bytes` });
  } catch (error) {
    throw named(error, message);
  } finally {
    close();
  }
}

/** What names a registry, which this is none. */
function named(error: unknown, message: string): unknown {
  if (!(error instanceof RegistryError) || error.message === message) return error;
  const { code, why, hint } = error;
  return new PodError({ code, message, why: why ?? error.message, hint, cause: error });
}
