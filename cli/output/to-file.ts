import { closeSync, openSync, rmSync, writeSync } from 'node:fs';

/** Writes a file. It is gone again where it could not be written whole. */
export async function writeToFile(
  path: string,
  write: (emit: (bytes: Uint8Array) => void) => Promise<void>,
): Promise<void> {
  const file = openSync(path, 'w', 0o644);
  try {
    await write((bytes) => {
      for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
    });
  } catch (error) {
    rmSync(path, { force: true });
    throw error;
  } finally {
    closeSync(file);
  }
}
