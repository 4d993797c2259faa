/** One layer from its source into the store: its blob kept as it came, unpacked while it is on its way. */

import { existsSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { PodError } from '../../error.ts';
import { withLock } from '../../lock.ts';
import { downloadBlob } from '../../registry/download.ts';
import { interrupted } from '../../registry/retry.ts';
import { parseDigest } from '../format/digest.ts';
import type { Descriptor } from '../format/types.ts';
import { blobPath, blobSize, hasLayer, removeFile, type StorePaths, storeError } from '../layout.ts';
import type { Namespace } from '../unpack/apply-job.ts';
import type { Unpackers } from '../unpack/unpackers.ts';
import { type GrowingFile, openGrowingFile } from './growing-file.ts';
import { type Growth, reportGrowth } from './growth.ts';
import type { ImageSource } from './source.ts';

/** What happens to a layer, for whoever shows it. */
export interface LayerProgress {
  /** Digest of the blob. */
  readonly digest: string;
  readonly kind: 'waiting' | 'downloading' | 'extracting' | 'done' | 'exists' | 'retry';
  /** Bytes of the blob that are there. */
  readonly current: number;
  /** Bytes of the blob. */
  readonly total: number;
  /** With `retry`: what went wrong and how long to wait. */
  readonly note?: string;
}

export interface LayerJob {
  readonly blob: Descriptor;
  readonly diffId: string;
  readonly source: ImageSource;
  readonly paths: StorePaths;
  readonly namespace: Namespace;
  readonly unpackers: Unpackers;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: LayerProgress) => void;
  readonly onNotice?: ((text: string) => void) | undefined;
}

/** Makes sure that the layer's blob and its unpacked form are in the store. */
export async function fetchLayer(job: LayerJob): Promise<void> {
  const { blob, diffId, paths } = job;
  const hasBlob = (): boolean => blobSize(paths, blob.digest) === blob.size;
  if (hasBlob() && hasLayer(paths, diffId)) return report(job, 'exists', blob.size);
  report(job, 'waiting', 0);
  if (!hasBlob()) {
    // Whoever else fetches the same blob has done the work when the lock is free again. A lock stands for the few
    // blobs whose digests begin alike: its file can't be removed, another may be waiting for it.
    const lock = join(paths.locks, `blob-${parseDigest(blob.digest, 'a blob').hex.slice(0, 3)}`);
    await withLock(lock, async () => {
      if (job.signal.aborted) throw interrupted(job.signal.reason);
      if (!hasBlob()) await downloadOrStartAgain(job);
    });
  }
  if (!hasLayer(paths, diffId)) {
    report(job, 'extracting', blob.size);
    const whole = reportGrowth(blob.size);
    whole.end();
    await unpack(job, blobPath(paths, blob.digest), whole, job.signal);
  }
  report(job, 'done', blob.size);
}

function report(
  { blob, onProgress }: LayerJob,
  kind: LayerProgress['kind'],
  current: number,
  note?: string,
): void {
  onProgress({ digest: blob.digest, kind, current, total: blob.size, ...(note && { note }) });
}

async function unpack(job: LayerJob, path: string, growth: Growth, signal: AbortSignal): Promise<void> {
  const { paths, namespace, diffId, onNotice } = job;
  mkdirSync(paths.layers, { recursive: true, mode: 0o700 });
  await job.unpackers.unpack({
    path,
    growth,
    layersDir: paths.layers,
    namespace,
    diffId,
    signal,
    ...(onNotice && { onNotice }),
  });
}

function partialPath({ paths, blob }: Pick<LayerJob, 'paths' | 'blob'>): string {
  return join(paths.partial, parseDigest(blob.digest, 'a blob').hex);
}

/** Bytes of the blob that an earlier download, which broke off, hasn't left. */
export function missingBytes(paths: StorePaths, blob: Descriptor): number {
  const there = statSync(partialPath({ paths, blob }), { throwIfNoEntry: false })?.size ?? 0;
  return Math.max(0, blob.size - there);
}

/** What an earlier download has left may be rubbish: then once more without it. */
async function downloadOrStartAgain(job: LayerJob): Promise<void> {
  const resumes = existsSync(partialPath(job));
  try {
    await download(job);
  } catch (error) {
    if (!resumes || !isHopeless(error) || job.signal.aborted) throw error;
    await download(job);
  }
}

/** The same bytes won't be asked for again, or there is no room for them. */
function isHopeless(error: unknown): boolean {
  return error instanceof PodError && (error.code === 'invalid' || error.code === 'no-space');
}

/** Downloads and unpacks side by side. When one fails, the other is called off. */
async function download(job: LayerJob): Promise<void> {
  const { blob, paths, diffId } = job;
  const partial = partialPath(job);
  const stop = new AbortController();
  const signal = AbortSignal.any([job.signal, stop.signal]);
  const file = await openGrowingFile(partial);
  const failures: unknown[] = [];
  const run = (work: Promise<void>): Promise<void> =>
    work.catch((error) => {
      failures.push(error);
      file.fail(error);
      stop.abort(error);
    });
  try {
    const arrive = async (): Promise<void> => {
      await receive(job, file, signal);
      await file.end();
      report(job, 'extracting', blob.size);
      await file.sync();
    };
    const unpacked = hasLayer(paths, diffId);
    await Promise.all([run(arrive()), unpacked || run(unpack(job, partial, file.growth, signal))]);
    if (failures.length > 0) throw storeError(failures[0], `cannot store layer ${blob.digest.slice(0, 19)}`);
    const target = blobPath(paths, blob.digest);
    mkdirSync(dirname(target), { recursive: true, mode: 0o700 });
    renameSync(partial, target);
  } catch (error) {
    if (isHopeless(job.signal.aborted ? job.signal.reason : error)) removeFile(partial);
    throw error;
  } finally {
    await file.close().catch(() => {});
  }
}

async function receive(job: LayerJob, file: GrowingFile, signal: AbortSignal): Promise<void> {
  const { digest, size } = job.blob;
  await downloadBlob(job.source, file, {
    digest,
    size,
    signal,
    onProgress: (bytes) => report(job, 'downloading', bytes),
    onRetry: (error, milliseconds) => {
      const note = `${error.why ?? error.message}; again in ${(milliseconds / 1000).toFixed(1)} s`;
      report(job, 'retry', file.size, note);
    },
  });
}
