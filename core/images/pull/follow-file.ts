/** Reads a file from its first byte while it is still being written. */

import { closeSync, openSync, readSync } from 'node:fs';
import { type Growth, growthBeyond } from './growth.ts';

const READ_SIZE = 256 << 10;
/** So many pieces are good at a time: `unpack.ts` works on one while the one before is being taken. */
const TURNS = 3;

/**
 * What is there, then what comes, until `growth` ends; its error is thrown. A piece's memory is used again for the one
 * three later.
 */
export async function* followFile(path: string, growth: Growth): AsyncGenerator<Uint8Array, void, undefined> {
  const file = openSync(path, 'r');
  const memory = Array.from({ length: TURNS }, () => Buffer.allocUnsafeSlow(READ_SIZE));
  try {
    for (let at = 0, turn = 0; ; turn = (turn + 1) % TURNS) {
      await growthBeyond(growth, at);
      if (growth.ending !== undefined && 'error' in growth.ending) throw growth.ending.error;
      if (at >= growth.bytes) return;
      const piece = memory[turn] as Buffer;
      const length = readSync(file, piece, 0, Math.min(READ_SIZE, growth.bytes - at), at);
      if (length === 0) return;
      at += length;
      yield piece.subarray(0, length);
    }
  } finally {
    closeSync(file);
  }
}
