/** Where an archive is read from: a file, a stream, or an address on the web. */

import { statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Environment } from '../../config/read-config.ts';
import { errnoOf, PodError } from '../../error.ts';
import { readBody } from '../../registry/body.ts';
import { RegistryError } from '../../registry/error.ts';
import { sendFollowing } from '../../registry/redirect.ts';
import { openTransport } from '../../registry/transport.ts';
import { storeError } from '../layout.ts';
import { readRange } from './read-range.ts';

/** A file's path or an http(s) address, or what comes by itself: standard input. */
export type ArchiveInput = string | AsyncIterable<Uint8Array>;

export function isAddress(input: ArchiveInput): input is string {
  return typeof input === 'string' && /^https?:\/\//.test(input);
}

/** For messages. An address is shown without what may be secret in it. */
export function describeInput(input: ArchiveInput): string {
  if (typeof input !== 'string') return 'standard input';
  if (!isAddress(input)) return input;
  try {
    const { protocol, host, pathname } = new URL(input);
    return `${protocol}//${host}${pathname}`;
  } catch {
    return 'the address';
  }
}

/** The bytes as they come. Throws PodError `not-found`, `denied`, `network`, `io`. */
export async function* readInput(
  input: ArchiveInput,
  { env, signal }: { env: Environment; signal?: AbortSignal | undefined },
): AsyncGenerator<Uint8Array, void, undefined> {
  if (typeof input !== 'string') yield* input;
  else if (isAddress(input)) yield* readAddress(input, env, signal);
  else yield* readFile(input);
}

async function* readFile(path: string): AsyncGenerator<Uint8Array, void, undefined> {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.isDirectory())
    throw new PodError({ code: 'usage', message: `cannot read ${path}`, why: 'it is a directory' });
  const file = await open(path).catch((error) => {
    if (errnoOf(error) !== 'ENOENT') throw storeError(error, `cannot read ${path}`);
    throw new PodError({ code: 'not-found', message: `no such file: ${path}`, cause: error });
  });
  try {
    if (found?.isFile()) yield* readRange(file, 0, found.size, path);
    else yield* file.createReadStream({ autoClose: false, highWaterMark: 1 << 20 });
  } finally {
    await file.close();
  }
}

async function* readAddress(
  address: string,
  env: Environment,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  const message = `cannot fetch ${describeInput(address)}`;
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (!url) throw new PodError({ code: 'usage', message, why: 'that is no address' });
  const registry = url.host;
  const transport = await openTransport({ env, signal });
  try {
    const headers = { 'user-agent': 'tsc-pod', 'accept-encoding': 'identity' };
    const answer = await sendFollowing(transport, { method: 'GET', url, headers, insecure: false, registry });
    if (answer.status !== 200) {
      answer.body.destroy();
      const code = answer.status === 404 ? 'not-found' : 'network';
      throw new RegistryError({ code, message, why: `the answer is ${answer.status}`, registry });
    }
    const announced = Number(answer.headers['content-length'] ?? Number.NaN);
    let arrived = 0;
    for await (const chunk of readBody(answer, transport.idleTimeout)) {
      arrived += chunk.length;
      yield chunk;
    }
    if (arrived < announced)
      throw new PodError({
        code: 'network',
        message,
        why: `it ended after ${arrived} of ${announced} bytes`,
      });
  } catch (error) {
    // These name a registry, which this is none.
    if (!(error instanceof RegistryError) || error.message === message) throw error;
    const { code, why, hint } = error;
    throw new PodError({ code, message, why: why ?? error.message, ...(hint && { hint }), cause: error });
  } finally {
    transport.close();
  }
}
