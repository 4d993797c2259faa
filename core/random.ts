import { closeSync, openSync, readSync } from 'node:fs';

/** Random bytes from the kernel, urandom(4): node:crypto takes longer to load than most commands to run. */
export function randomBytes(count: number): Buffer {
  const fd = openSync('/dev/urandom', 'r');
  try {
    const bytes = Buffer.alloc(count);
    if (readSync(fd, bytes) !== count) throw new Error('/dev/urandom gave too little');
    return bytes;
  } finally {
    closeSync(fd);
  }
}

/** A whole number from 0 to `below` - 1, for choices where a bias of one in 2^32 / below doesn't matter. */
export function randomBelow(below: number): number {
  return randomBytes(4).readUInt32LE() % below;
}
