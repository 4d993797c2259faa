/**
 * A file that is written by one and read by another at the same time: the download goes as fast as the network, the
 * unpacking follows as fast as it can, and what was written survives for the next try.
 */

import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { followFile } from './follow-file.ts';
import { type Growth, type GrowthReport, reportGrowth } from './growth.ts';

export interface GrowingFile {
  /** Bytes that were appended, with those that were there at the start. */
  readonly size: number;
  /** For those who read what is written: follow-file.ts. */
  readonly growth: Growth;
  /** The bytes that were there at the start. */
  contents(): AsyncIterable<Uint8Array>;
  append(chunk: Buffer): Promise<void>;
  clear(): Promise<void>;
  /** Nothing more comes: writes out what is held back. */
  end(): Promise<void>;
  /** Nothing more comes: whoever follows gets this error. */
  fail(error: unknown): void;
  /** Brings it to the disk. */
  sync(): Promise<void>;
  /** Writes out what is held back and closes. */
  close(): Promise<void>;
}

const WRITE_SIZE = 256 << 10;

/** Opens a file to go on with, or makes it. */
export async function openGrowingFile(path: string): Promise<GrowingFile> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  // Not 'a': positions are ours, and Linux ignores them in append mode.
  const file = await open(path, 'r+').catch(() => open(path, 'wx+', 0o644));
  const growth: GrowthReport = reportGrowth((await file.stat()).size);
  let held: Buffer[] = [];
  let heldBytes = 0;

  async function flush(): Promise<void> {
    let pieces = held;
    let left = heldBytes;
    let written = growth.bytes;
    held = [];
    heldBytes = 0;
    while (left > 0) {
      const { bytesWritten } = await file.writev(pieces, written);
      left -= bytesWritten;
      written += bytesWritten;
      if (left > 0) pieces = [Buffer.concat(pieces).subarray(-left)];
    }
    growth.grow(written);
  }

  function contents(): AsyncIterable<Uint8Array> {
    const there = reportGrowth(growth.bytes);
    there.end();
    return followFile(path, there);
  }

  return {
    get size() {
      return growth.bytes + heldBytes;
    },
    growth,
    contents,
    async append(chunk) {
      held.push(chunk);
      heldBytes += chunk.length;
      if (heldBytes >= WRITE_SIZE) await flush();
    },
    async clear() {
      await file.truncate(0);
      held = [];
      heldBytes = 0;
      growth.grow(0);
    },
    async end() {
      await flush();
      growth.end();
    },
    fail: growth.fail,
    sync: () => file.datasync(),
    async close() {
      try {
        await flush();
      } finally {
        await file.close();
      }
    },
  };
}
