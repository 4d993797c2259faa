/** A blob of a source as a file of its own, verified: on its way to somewhere else. The store doesn't get it. */

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { withRetry } from '../../registry/retry.ts';
import { parseDigest } from '../format/digest.ts';
import { invalid } from '../format/json.ts';
import type { Descriptor } from '../format/types.ts';
import { newPartial, type StorePaths, storeError } from '../layout.ts';
import type { ImageSource } from '../pull/source.ts';
import { requireSpace } from '../pull/space.ts';
import type { BlobContent } from './destination.ts';

/** Fetches a blob; what breaks off goes on where it was. The file is the caller's to remove. */
export async function copyBlob(
  source: ImageSource,
  blob: Descriptor,
  paths: StorePaths,
  signal: AbortSignal | undefined,
): Promise<BlobContent> {
  const path = newPartial(paths);
  requireSpace(paths.partial, blob.size, `cannot copy ${blob.digest}`);
  const file = await open(path, 'wx', 0o600);
  try {
    await fetchInto(file, source, blob, signal);
  } catch (error) {
    await rm(path, { force: true });
    throw error instanceof Error && 'syscall' in error ? storeError(error, `cannot write ${path}`) : error;
  } finally {
    await file.close();
  }
  return { path, open: (from = 0) => createReadStream(path, { start: from, highWaterMark: 1 << 20 }) };
}

async function fetchInto(
  file: FileHandle,
  source: ImageSource,
  { digest, size }: Descriptor,
  signal: AbortSignal | undefined,
): Promise<void> {
  const what = `blob ${digest} of ${source.description}`;
  const { algorithm, hex } = parseDigest(digest, what);
  const hash = createHash(algorithm);
  let at = 0;
  await withRetry(source.retry, signal, async ({ progressed }) => {
    const { from, chunks } = await source.openBlob(digest, at, signal);
    let offset = from;
    for await (const chunk of chunks) {
      const fresh = chunk.subarray(Math.min(chunk.length, Math.max(0, at - offset)));
      offset += chunk.length;
      if (fresh.length === 0) continue;
      if (at + fresh.length > size)
        throw invalid(what, `it has more than the ${size} bytes that its manifest tells`);
      await file.write(fresh, 0, fresh.length, at);
      hash.update(fresh);
      at += fresh.length;
      progressed();
    }
  });
  if (at !== size) throw invalid(what, `it has ${at} bytes instead of ${size}`);
  if (hash.digest('hex') !== hex) throw invalid(what, 'it has another content than its digest says');
}
