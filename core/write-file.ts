import { chmodSync, type WriteFileOptions, writeFileSync, writeSync } from 'node:fs';
import { naming } from './error.ts';

/** writeFileSync, whose errors name the file. A mode that lets others in is for containers, whatever the caller's umask. */
export function writeFile(path: string, text: string | Uint8Array, options?: WriteFileOptions): void {
  naming(path, () => {
    writeFileSync(path, text, options);
    if (typeof options === 'object' && Number(options?.mode) & 0o077) chmodSync(path, Number(options?.mode));
  });
}

/** All of `bytes`, at `position` or where the descriptor is; errors name the file. */
export function writeBytes(fd: number, path: string, bytes: Uint8Array, position?: number): void {
  naming(path, () => {
    for (let at = 0; at < bytes.length; )
      at += writeSync(fd, bytes, at, bytes.length - at, position === undefined ? null : position + at);
  });
}
