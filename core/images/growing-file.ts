/**
 * A file that is written by one and read by another at the same time: the download goes as fast as the network, the
 * unpacking follows as fast as it can, and what was written survives for the next try.
 */

import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';

export interface GrowingFile {
  /** Bytes that were appended, with those that were there at the start. */
  readonly size: number;
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
  /** From the first byte, waiting for what is to come, until `end` or `fail`. */
  follow(): AsyncGenerator<Buffer, void, undefined>;
  /** Writes out what is held back and closes. */
  close(): Promise<void>;
}

const WRITE_SIZE = 256 << 10;
const READ_SIZE = 1 << 20;

/** Opens a file to go on with, or makes it. */
export async function openGrowingFile(path: string): Promise<GrowingFile> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  // Not 'a': positions are ours, and Linux ignores them in append mode.
  const file = await open(path, 'r+').catch(() => open(path, 'wx+', 0o644));
  let written = (await file.stat()).size;
  let held: Buffer[] = [];
  let heldBytes = 0;
  let ending: { error?: unknown } | undefined;
  let wake: (() => void) | undefined;

  function changed(): void {
    wake?.();
    wake = undefined;
  }

  async function flush(): Promise<void> {
    let pieces = held;
    let left = heldBytes;
    held = [];
    heldBytes = 0;
    while (left > 0) {
      const { bytesWritten } = await file.writev(pieces, written);
      left -= bytesWritten;
      written += bytesWritten;
      if (left > 0) pieces = [Buffer.concat(pieces).subarray(-left)];
    }
    changed();
  }

  async function readAt(at: number, limit: number): Promise<Buffer> {
    const buffer = Buffer.allocUnsafeSlow(Math.min(READ_SIZE, limit - at));
    const { bytesRead } = await file.read(buffer, 0, buffer.length, at);
    return buffer.subarray(0, bytesRead);
  }

  async function* contents(): AsyncGenerator<Buffer, void, undefined> {
    const limit = written;
    for (let at = 0; at < limit; ) {
      const bytes = await readAt(at, limit);
      if (bytes.length === 0) return;
      at += bytes.length;
      yield bytes;
    }
  }

  async function* follow(): AsyncGenerator<Buffer, void, undefined> {
    let at = 0;
    for (;;) {
      if (ending !== undefined && 'error' in ending) throw ending.error;
      if (at < written) {
        const bytes = await readAt(at, written);
        at += bytes.length;
        yield bytes;
      } else if (ending !== undefined) {
        return;
      } else {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
  }

  return {
    get size() {
      return written + heldBytes;
    },
    contents,
    async append(chunk) {
      held.push(chunk);
      heldBytes += chunk.length;
      if (heldBytes >= WRITE_SIZE) await flush();
    },
    async clear() {
      await file.truncate(0);
      held = [];
      written = heldBytes = 0;
    },
    async end() {
      await flush();
      ending ??= {};
      changed();
    },
    fail(error) {
      ending = { error };
      changed();
    },
    sync: () => file.datasync(),
    follow,
    async close() {
      try {
        await flush();
      } finally {
        await file.close();
      }
    },
  };
}
