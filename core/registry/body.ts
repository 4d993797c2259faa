/** Reading an answer's body with bounds: on silence, on drips, on size. */

import { connectionError, timeoutError } from './connection-error.ts';
import { RegistryError } from './error.ts';
import type { Answer } from './transport.ts';

/** Fewer bytes than this in a whole waiting time are as good as none. */
const LEAST_PROGRESS = 1024;

/** So much may wait to be taken before the sender is slowed down. */
const MOST_WAITING = 1 << 20;

/**
 * The body's chunks as they come. Throws a transient RegistryError when the connection breaks, or stays silent (or
 * dripping less than 1 KiB) for `idleTimeout` milliseconds; only the time spent waiting for the other end counts.
 */
export async function* readBody(
  answer: Answer,
  idleTimeout: number,
): AsyncGenerator<Buffer, void, undefined> {
  const { body } = answer;
  const queue = queueOf(body);
  const tick = Math.max(20, idleTimeout / 20);
  let waited = 0;
  let arrived = 0;
  const timer = setInterval(() => {
    if (arrived >= LEAST_PROGRESS) waited = arrived = 0;
    if (queue.waiting()) waited += tick;
    if (waited >= idleTimeout) body.destroy(timeoutError(answer.url, 'sending', idleTimeout));
  }, tick);
  try {
    for (;;) {
      const chunk = queue.take() ?? (await queue.next());
      if (chunk === undefined) return;
      arrived += chunk.length;
      yield chunk;
    }
  } catch (error) {
    throw connectionError(error, answer.url);
  } finally {
    clearInterval(timer);
    body.destroy();
  }
}

/**
 * The same for one who looks at each chunk and keeps none: it is good until the next is asked for. Then its memory is
 * given back at once, so that the next one finds it still in the processor's cache; left to the garbage collector,
 * hundreds of megabytes would be taken from the system before the first come back.
 */
export async function* readBodyOnce(
  answer: Answer,
  idleTimeout: number,
): AsyncGenerator<Buffer, void, undefined> {
  for await (const chunk of readBody(answer, idleTimeout)) {
    yield chunk;
    const { buffer } = chunk;
    // Where the chunk is all of it, no other chunk and no pool has a part in it.
    if (buffer instanceof ArrayBuffer && buffer.byteLength === chunk.length) buffer.transfer(0);
  }
}

/** A stream's chunks one by one. The stream's own iterator would join what has come meanwhile, and so copy it all. */
function queueOf(body: Answer['body']) {
  const chunks: Buffer[] = [];
  let bytes = 0;
  let ending: { error?: Error } | undefined;
  let wake: (() => void) | undefined;
  const woken = (): void => {
    wake?.();
    wake = undefined;
  };
  const end = (error?: Error): void => {
    ending ??= error ? { error } : {};
    woken();
  };
  body.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > MOST_WAITING) body.pause();
    woken();
  });
  body.on('end', () => end());
  body.on('error', end);
  body.on('close', () => end(Object.assign(new Error('aborted'), { code: 'ECONNRESET' })));

  function take(): Buffer | undefined {
    const chunk = chunks.shift();
    if (chunk === undefined) return undefined;
    bytes -= chunk.length;
    if (bytes === 0 && body.isPaused()) body.resume();
    return chunk;
  }

  return {
    waiting: () => wake !== undefined,
    take,
    /** The next chunk, once there is one; undefined at the end. Throws what broke the stream. */
    async next(): Promise<Buffer | undefined> {
      for (;;) {
        const chunk = take();
        if (chunk !== undefined) return chunk;
        if (ending?.error) throw ending.error;
        if (ending !== undefined) return undefined;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
  };
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
    const why = `it is larger than ${limit < 1 << 20 ? `${limit >> 10} KiB` : `${limit >> 20} MiB`}`;
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
