/** What bytes are that come by themselves: looked at before they are read. */

import { parseHeader } from '../../archive/tar-header.ts';
import { PodError } from '../../error.ts';

const BLOCK = 512;

/** Whether an archive follows, by the first header's checksum (an empty one is zeros); `all` are all of the bytes. */
export async function peek(
  bytes: AsyncIterable<Uint8Array>,
): Promise<{ isTar: boolean; isEmpty: boolean; all: AsyncIterable<Uint8Array> }> {
  const iterator = bytes[Symbol.asyncIterator]();
  let head: Buffer = Buffer.alloc(0);
  while (head.length < BLOCK) {
    const next = await iterator.next();
    if (next.done) break;
    head = head.length === 0 ? Buffer.from(next.value) : Buffer.concat([head, next.value]);
  }
  async function* all(): AsyncGenerator<Uint8Array> {
    try {
      if (head.length > 0) yield head;
      for (let next = await iterator.next(); !next.done; next = await iterator.next()) yield next.value;
    } finally {
      await iterator.return?.();
    }
  }
  const isEmpty = head.subarray(0, BLOCK).every((byte) => byte === 0);
  return { isTar: head.length >= BLOCK && (isEmpty || isHeader(head)), isEmpty, all: all() };
}

function isHeader(head: Buffer): boolean {
  try {
    parseHeader(head.subarray(0, BLOCK));
    return true;
  } catch {
    return false;
  }
}

/** All of it as text. PodError `invalid` over `max` bytes. */
export async function readAll(bytes: AsyncIterable<Uint8Array>, max: number): Promise<string> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of bytes) {
    parts.push(Uint8Array.from(part));
    length += part.length;
    if (length > max)
      throw new PodError({
        code: 'invalid',
        message: 'cannot read the Dockerfile',
        why: `it has more than ${max} bytes`,
      });
  }
  return Buffer.concat(parts).toString('utf8');
}
