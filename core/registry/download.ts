/** A blob of any size into a file: resumed where it broke off, as often as there is progress, and verified. */

import { createHash } from 'node:crypto';
import { parseDigest } from '../images/format/digest.ts';
import type { ImageSource } from '../images/pull/source.ts';
import { RegistryError } from './error.ts';
import { withRetry } from './retry.ts';

/** What a download is written to. */
export interface Sink {
  /** Bytes so far. */
  readonly size: number;
  /** What is there from an earlier, interrupted download. */
  contents(): AsyncIterable<Uint8Array>;
  /** Takes a copy. What is given, if anything, is to be waited for. */
  append(chunk: Buffer): Promise<void> | undefined;
  /** Gives up what is there. Only before anybody has read it. */
  clear(): Promise<void>;
}

export interface DownloadOptions {
  readonly digest: string;
  /** Bytes, as the manifest says. */
  readonly size: number;
  readonly signal?: AbortSignal | undefined;
  /** Bytes that are there now. */
  readonly onProgress?: (bytes: number) => void;
  readonly onRetry?: (error: RegistryError, milliseconds: number) => void;
}

/** A try that brought this many bytes was worth it: what failed before it counts no more. */
const PROGRESS = 64 << 10;

/**
 * Downloads what the sink doesn't have yet. Throws a RegistryError `invalid` when the bytes aren't those of the
 * digest, or more than `size`.
 */
export async function downloadBlob(source: ImageSource, sink: Sink, options: DownloadOptions): Promise<void> {
  const { digest, size, signal } = options;
  const { algorithm, hex } = parseDigest(digest, 'a blob');
  const fail = (why: string, transient = false): RegistryError => {
    const message = `cannot fetch the blob ${algorithm}:${hex.slice(0, 12)} of ${source.description}`;
    const code = transient ? 'network' : 'invalid';
    return new RegistryError({ code, message, why, registry: source.description, transient });
  };
  if (sink.size > size) await sink.clear();
  const hash = createHash(algorithm);
  for await (const chunk of sink.contents()) hash.update(chunk);
  options.onProgress?.(sink.size);

  await withRetry(
    source.retry,
    signal,
    async (attempt) => {
      if (sink.size === size) return;
      const start = sink.size;
      const body = await source.openBlob(digest, start, signal);
      let skip = start - body.from;
      for await (const chunk of body.chunks) {
        const fresh = chunk.subarray(Math.min(skip, chunk.length));
        skip -= chunk.length - fresh.length;
        if (fresh.length === 0) continue;
        if (sink.size + fresh.length > size) throw fail(`it is longer than its ${size} bytes`);
        hash.update(fresh);
        const taken = sink.append(fresh);
        if (taken !== undefined) {
          await taken;
          signal?.throwIfAborted();
        }
        if (sink.size - start >= PROGRESS) attempt.progressed();
        options.onProgress?.(sink.size);
      }
      if (sink.size < size) throw fail(`it ended after ${sink.size} of ${size} bytes`, true);
    },
    options.onRetry,
  );
  const found = hash.digest('hex');
  if (found !== hex) throw fail(`its content has the digest ${algorithm}:${found.slice(0, 12)}`);
}
