import type { FileEntry } from '../../rootless/file-entry.ts';
import { PodError } from '../error.ts';

/**
 * What a tar archive says about one file. Names in an archive, as in Linux, have no encoding; `Buffer.from(s, 'latin1')`
 * gives the bytes back. A path is as it is in the archive, a trailing slash included: not yet a name to be trusted.
 */
export type TarEntry = FileEntry;

export const NO_XATTRS: ReadonlyMap<string, Uint8Array> = new Map();

/** PATH_MAX of limits.h without the NUL. */
export const MAX_NAME_BYTES = 4095;

/** A byte string as text for people: control characters, which could play with a terminal, are escaped. */
export function printable(bytes: string): string {
  const text = Buffer.from(bytes.length > 200 ? `${bytes.slice(0, 200)}...` : bytes, 'latin1').toString(
    'utf8',
  );
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\\]/gu, (c) => `\\u{${c.codePointAt(0)?.toString(16)}}`);
}

/** An archive that breaks its format; the parser adds where. */
export function brokenTar(why: string): PodError {
  return new PodError({ code: 'invalid', message: 'cannot read the tar archive', why });
}

/** The same error with the byte offset of the header at fault, and the entry's name if it is known. */
export function brokenAt(error: unknown, where: number, path = ''): unknown {
  if (!(error instanceof PodError) || error.code !== 'invalid') return error;
  return brokenTar(`${error.why}, at byte ${where}${path && ` (entry ${printable(path)})`}`);
}
