import type { FileHandle } from 'node:fs/promises';
import { PodError } from '../../error.ts';

/** Large enough that reading costs nothing beside hashing; each chunk is a buffer of its own. */
const CHUNK = 1 << 20;

/** The bytes from `start` to `end` of a file. Throws PodError `invalid` when it ends earlier. */
export async function* readRange(
  file: FileHandle,
  start: number,
  end: number,
  what: string,
): AsyncGenerator<Buffer, void, undefined> {
  for (let at = start; at < end; ) {
    const buffer = Buffer.allocUnsafeSlow(Math.min(CHUNK, end - at));
    const { bytesRead } = await file.read(buffer, 0, buffer.length, at);
    if (bytesRead === 0)
      throw new PodError({ code: 'invalid', message: `cannot read ${what}`, why: 'it is cut off' });
    at += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}
