/** Writing a tar archive of blobs: to a file, which has its name only when it is whole, or down a stream. */

import { rmSync, statSync } from 'node:fs';
import { type FileHandle, open, rename } from 'node:fs/promises';
import { tarEnd, tarHeader, tarPadding } from '../../archive/tar-writer.ts';
import { asidePath, collectAside } from '../../aside.ts';
import { errnoOf, PodError } from '../../error.ts';
import { storeError } from '../layout.ts';

/** Takes bytes; resolves when they are written and the buffer may be used again. */
export type Write = (bytes: Uint8Array) => Promise<void>;

/** All entries are root's, and of 1970: the same images give the same archive. */
export interface TarOutput {
  directory(path: string): Promise<void>;
  put(path: string, bytes: Uint8Array): Promise<void>;
  /** A file's bytes; exactly `size` of them. Throws PodError `invalid` where the file has more or fewer. */
  copy(path: string, from: string, size: number, signal?: AbortSignal): Promise<void>;
  /** Ends the archive and gives it its name. */
  finish(): Promise<void>;
  /** Leaves nothing behind of what was not finished. */
  close(): Promise<void>;
}

const CHUNK = 1 << 20;

/** An archive down a stream. */
export function streamOutput(write: Write): TarOutput {
  const put = async (path: string, bytes: Uint8Array): Promise<void> => {
    await write(Buffer.concat([header(path, bytes.length), bytes, tarPadding(bytes.length)]));
  };
  return {
    put,
    directory: (path) => write(tarHeader({ path, type: 'directory' })),
    async copy(path, from, size, signal) {
      await write(header(path, size));
      await copyFile(from, size, write, signal);
      await write(tarPadding(size));
    },
    finish: () => write(tarEnd()),
    close: async () => {},
  };
}

function header(path: string, size: number): Uint8Array {
  return tarHeader({ path, type: 'file', size });
}

/** An archive in a file. What is no plain file, /dev/stdout or a pipe, is written as it is. */
export async function fileOutput(path: string): Promise<TarOutput> {
  const message = `cannot write ${path}`;
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.isDirectory()) throw new PodError({ code: 'usage', message, why: 'it is a directory' });
  const aside = found && !found.isFile() ? undefined : asidePath(path);
  if (aside) collectAside(path);
  let file: FileHandle | undefined = await open(aside ?? path, aside ? 'wx' : 'w', 0o644).catch((error) => {
    if (errnoOf(error) !== 'ENOENT') throw storeError(error, message);
    throw new PodError({ code: 'not-found', message, why: 'there is no such directory', cause: error });
  });
  const handle = file;
  let finished = aside === undefined;
  const output = streamOutput(async (bytes) => {
    try {
      for (let at = 0; at < bytes.length; ) at += (await handle.write(bytes, at)).bytesWritten;
    } catch (error) {
      throw storeError(error, message);
    }
  });
  const close = async (): Promise<void> => {
    const closing = file;
    file = undefined;
    await closing?.close();
  };
  return {
    ...output,
    async finish() {
      await output.finish();
      await close();
      if (aside) await rename(aside, path);
      finished = true;
    },
    async close() {
      await close();
      if (!finished && aside) rmSync(aside, { force: true });
    },
  };
}

/** Reads the next piece while the last one is written. */
async function copyFile(from: string, size: number, write: Write, signal?: AbortSignal): Promise<void> {
  const damaged = (why: string): PodError =>
    new PodError({
      code: 'invalid',
      message: `cannot read ${from}`,
      why,
      hint: 'tsc-pod system check --repair',
    });
  const file = await open(from).catch((error) => {
    throw storeError(error, `cannot read ${from}`);
  });
  try {
    const buffers = [Buffer.allocUnsafeSlow(CHUNK), Buffer.allocUnsafeSlow(CHUNK)];
    let writing = Promise.resolve();
    let left = size;
    for (let turn = 0; ; turn ^= 1) {
      const { bytesRead, buffer } = await file.read(buffers[turn]!, 0, CHUNK);
      await writing;
      signal?.throwIfAborted();
      if (bytesRead > left) throw damaged(`it has more than ${size} bytes`);
      if (bytesRead === 0) break;
      left -= bytesRead;
      writing = write(buffer.subarray(0, bytesRead));
      writing.catch(() => {});
    }
    if (left > 0) throw damaged(`it has ${size - left} bytes, not ${size}`);
  } finally {
    await file.close();
  }
}
