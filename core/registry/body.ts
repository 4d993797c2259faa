/** Reading an answer's body with bounds: on silence, on drips, on size. */

import { connectionError, timeoutError } from './connection-error.ts';
import { RegistryError } from './error.ts';
import type { Answer } from './transport.ts';

/** Fewer bytes than this in a whole waiting time are as good as none. */
const LEAST_PROGRESS = 1024;

/**
 * The body's chunks. Throws a transient RegistryError when the connection breaks, or stays silent (or dripping less
 * than 1 KiB) for `idleTimeout` milliseconds; only the time spent waiting for the other end counts.
 */
export async function* readBody(
  answer: Answer,
  idleTimeout: number,
): AsyncGenerator<Buffer, void, undefined> {
  const tick = Math.max(20, idleTimeout / 20);
  let waiting = true;
  let waited = 0;
  let arrived = 0;
  const timer = setInterval(() => {
    if (arrived >= LEAST_PROGRESS) waited = arrived = 0;
    if (waiting) waited += tick;
    if (waited >= idleTimeout) answer.body.destroy(timeoutError(answer.url, 'sending', idleTimeout));
  }, tick);
  try {
    for await (const chunk of answer.body as AsyncIterable<Buffer>) {
      arrived += chunk.length;
      waiting = false;
      yield chunk;
      waiting = true;
    }
  } catch (error) {
    throw connectionError(error, answer.url);
  } finally {
    clearInterval(timer);
  }
}

/**
 * A small body as a whole. `what` names it in the error that refuses one of more than `limit` bytes, which is
 * raised from the announced length already, else as soon as the limit is passed.
 */
export async function readSmallBody(
  answer: Answer,
  idleTimeout: number,
  limit: number,
  what: string,
): Promise<Buffer> {
  const tooLarge = (): RegistryError => {
    answer.body.destroy();
    const why = `it is larger than ${limit / (1 << 20)} MiB`;
    const registry = answer.url.host;
    return new RegistryError({ code: 'invalid', message: `refused ${what} of ${registry}`, why, registry });
  };
  if (Number(answer.headers['content-length'] ?? 0) > limit) throw tooLarge();
  const deadline = Date.now() + 4 * idleTimeout;
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of readBody(answer, idleTimeout)) {
    length += chunk.length;
    if (length > limit) throw tooLarge();
    if (Date.now() > deadline) throw timeoutError(answer.url, 'sending', 4 * idleTimeout);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, length);
}
