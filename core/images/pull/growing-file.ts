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
  /** Takes a copy. What is given, if anything, is to be waited for. */
  append(chunk: Buffer): Promise<void> | undefined;
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

/** What is written at once; two such pieces of memory a file, one is filled while the other is written. */
const STAGE = 256 << 10;

/** Opens a file to go on with, or makes it. */
export async function openGrowingFile(path: string): Promise<GrowingFile> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  // Not 'a': positions are ours, and Linux ignores them in append mode.
  const file = await open(path, 'r+').catch(() => open(path, 'wx+', 0o644));
  const growth: GrowthReport = reportGrowth((await file.stat()).size);
  let [stage, other] = [Buffer.allocUnsafeSlow(STAGE), Buffer.allocUnsafeSlow(STAGE)];
  let staged = 0;
  let accepted = growth.bytes;
  /** Once this has failed, nothing more is written: what there is has no gaps. */
  let writing: Promise<void> = Promise.resolve();

  async function write(bytes: Buffer): Promise<void> {
    for (let at = 0; at < bytes.length; ) {
      const { bytesWritten } = await file.write(bytes, at, bytes.length - at, growth.bytes + at);
      at += bytesWritten;
    }
    growth.grow(growth.bytes + bytes.length);
  }

  /** Begins to write what is staged, when what was staged before is written. */
  async function turn(): Promise<void> {
    await writing;
    writing = write(stage.subarray(0, staged));
    writing.catch(() => {}); // whoever comes next is told
    [stage, other] = [other, stage];
    staged = 0;
  }

  async function appendMore(chunk: Buffer): Promise<void> {
    for (let at = 0; at < chunk.length; ) {
      const length = chunk.copy(stage, staged, at);
      at += length;
      staged += length;
      if (staged === STAGE) await turn();
    }
  }

  async function flush(): Promise<void> {
    await turn();
    await writing;
  }

  function contents(): AsyncIterable<Uint8Array> {
    const there = reportGrowth(growth.bytes);
    there.end();
    return followFile(path, there);
  }

  return {
    get size() {
      return accepted;
    },
    growth,
    contents,
    append(chunk) {
      accepted += chunk.length;
      if (staged + chunk.length >= STAGE) return appendMore(chunk);
      staged += chunk.copy(stage, staged);
      return undefined;
    },
    async clear() {
      await flush();
      await file.truncate(0);
      accepted = 0;
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
