import { closeSync, openSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { asidePath, collectAside } from '../../core/aside.ts';

/** Writes a file, which has its name when it is whole. What is no plain file, /dev/stdout or a pipe, is written as it is. */
export async function writeToFile(
  path: string,
  write: (emit: (bytes: Uint8Array) => void) => Promise<void>,
): Promise<void> {
  const plain = statSync(path, { throwIfNoEntry: false })?.isFile() ?? true;
  if (plain) collectAside(path);
  const made = plain ? asidePath(path) : path;
  const file = openSync(made, plain ? 'wx' : 'w', 0o644);
  try {
    await write((bytes) => {
      for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
    });
    if (plain) renameSync(made, path);
  } catch (error) {
    if (plain) rmSync(made, { force: true });
    throw error;
  } finally {
    closeSync(file);
  }
}
