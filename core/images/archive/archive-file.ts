/**
 * An archive as a file that can be read at any place: an uncompressed one is read where it is, of all else there is a
 * copy for as long as it is open, which has no name, so that nothing is left whatever happens.
 */

import { statSync, unlinkSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { decompress, EXPANSION_LIMIT, formOf } from '../../archive/decompress.ts';
import { brokenTar } from '../../archive/tar-entry.ts';
import { createTarParser } from '../../archive/tar-parser.ts';
import type { Environment } from '../../config/read-config.ts';
import { PodError } from '../../error.ts';
import { expandByProgram } from '../decompress/expand-by-program.ts';
import { newPartial, type StorePaths, storeError } from '../layout.ts';
import { type ArchiveInput, describeInput, isAddress, readInput } from './archive-input.ts';

export interface ArchiveFile {
  readonly file: FileHandle;
  /** Bytes. */
  readonly size: number;
  /** For messages. */
  readonly description: string;
}

export interface ReadOptions {
  readonly paths: Pick<StorePaths, 'partial'>;
  readonly env: Environment;
  readonly signal?: AbortSignal | undefined;
}

/** Bytes after an archive's end: writers fill up a record, of some KiB. */
const MOST_PADDING = 64 << 20;

/** Opens an archive. Throws PodError `not-found`, `denied`, `invalid` (damaged), `no-space`, `network`, `missing`. */
export async function openArchive(input: ArchiveInput, options: ReadOptions): Promise<ArchiveFile> {
  return (await openInPlace(input)) ?? spool(input, options);
}

async function openInPlace(input: ArchiveInput): Promise<ArchiveFile | undefined> {
  if (typeof input !== 'string' || isAddress(input)) return undefined;
  if (!statSync(input, { throwIfNoEntry: false })?.isFile()) return undefined;
  const file = await open(input).catch((error) => {
    throw storeError(error, `cannot read ${input}`);
  });
  const head = Buffer.alloc(6);
  const { bytesRead } = await file.read(head, 0, head.length, 0);
  if (formOf(head.subarray(0, bytesRead)) === 'none')
    return { file, size: (await file.stat()).size, description: input };
  await file.close();
  return undefined;
}

async function spool(input: ArchiveInput, options: ReadOptions): Promise<ArchiveFile> {
  const { paths, env, signal } = options;
  const description = describeInput(input);
  const path = newPartial(paths);
  const file = await open(path, 'wx+', 0o600);
  try {
    unlinkSync(path);
    const bytes = decompress(readInput(input, options), EXPANSION_LIMIT, { foreign: expandByProgram(env) });
    let size = 0;
    for await (const chunk of whileArchive(bytes, description)) {
      signal?.throwIfAborted();
      for (let at = 0; at < chunk.length; ) at += (await file.write(chunk, at)).bytesWritten;
      size += chunk.length;
    }
    return { file, size, description };
  } catch (error) {
    await file.close();
    throw storeError(error, `cannot read ${description}`);
  }
}

/** The same bytes, as long as they can be an archive: what is none may have no end. */
async function* whileArchive(
  bytes: AsyncIterable<Uint8Array>,
  description: string,
): AsyncGenerator<Uint8Array, void, undefined> {
  const parser = createTarParser({ entry: () => {}, data: () => {}, hole: () => {} });
  let padding = 0;
  for await (const chunk of bytes) {
    try {
      if (parser.isDone()) padding += chunk.length;
      if (padding > MOST_PADDING)
        throw brokenTar(`it goes on for more than ${MOST_PADDING} bytes after its end`);
      parser.write(chunk);
    } catch (error) {
      throw brokenArchive(error, description);
    }
    yield chunk;
  }
}

/** What is wrong with an archive, and with which. */
export function brokenArchive(error: unknown, description: string): unknown {
  if (!(error instanceof PodError)) return error;
  const { code, message, why } = error;
  return new PodError({
    code,
    message: `cannot read ${description}`,
    why: `${message}: ${why}`,
    cause: error,
  });
}
