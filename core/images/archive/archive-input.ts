/** Where an archive is read from: a file, a stream, or an address on the web. */

import { statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Environment } from '../../config/read-config.ts';
import { errnoOf, PodError } from '../../error.ts';
import { describeAddress, fetchAddress } from '../../registry/fetch-address.ts';
import { storeError } from '../layout.ts';
import { readRange } from './read-range.ts';

/** A file's path or an http(s) address, or what comes by itself: standard input. */
export type ArchiveInput = string | AsyncIterable<Uint8Array>;

export function isAddress(input: ArchiveInput): input is string {
  return typeof input === 'string' && /^https?:\/\//.test(input);
}

/** For messages. An address is shown without what may be secret in it. */
export function describeInput(input: ArchiveInput): string {
  if (typeof input !== 'string') return 'standard input';
  return isAddress(input) ? describeAddress(input) : input;
}

/** The bytes as they come. Throws PodError `not-found`, `denied`, `network`, `io`. */
export async function* readInput(
  input: ArchiveInput,
  { env, signal }: { env: Environment; signal?: AbortSignal | undefined },
): AsyncGenerator<Uint8Array, void, undefined> {
  if (typeof input !== 'string') yield* input;
  else if (isAddress(input)) yield* (await fetchAddress(input, { env, signal })).bytes;
  else yield* readFile(input);
}

async function* readFile(path: string): AsyncGenerator<Uint8Array, void, undefined> {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.isDirectory())
    throw new PodError({ code: 'usage', message: `cannot read ${path}`, why: 'it is a directory' });
  const file = await open(path).catch((error) => {
    if (errnoOf(error) !== 'ENOENT') throw storeError(error, `cannot read ${path}`);
    throw new PodError({ code: 'not-found', message: `no such file: ${path}`, cause: error });
  });
  try {
    if (found?.isFile()) yield* readRange(file, 0, found.size, path);
    else yield* file.createReadStream({ autoClose: false, highWaterMark: 1 << 20 });
  } finally {
    await file.close();
  }
}
