/** One stored image into one destination: its blobs several at a time, then its manifest. */

import { createReadStream } from 'node:fs';
import { PodError } from '../../error.ts';
import { digestOf } from '../format/digest.ts';
import { parseAnyManifest } from '../format/manifest.ts';
import { DOCKER_MANIFEST, layerCompression, OCI_MANIFEST } from '../format/media-types.ts';
import type { Descriptor, ImageRecord, Manifest } from '../format/types.ts';
import { blobPath, blobSize, readBlob, removeFile, type StorePaths } from '../layout.ts';
import { sideBySide } from '../side-by-side.ts';
import { type CompressedLayer, compressLayer } from './compress-layer.ts';
import { inDockerTypes, inOciTypes } from './convert-manifest.ts';
import type { BlobContent, BlobHint, ImageDestination } from './destination.ts';

/** What happens to a blob, for whoever shows it. */
export interface SendProgress {
  /** Digest of the blob as the store has it. */
  readonly digest: string;
  readonly of: 'config' | 'layer';
  readonly kind: 'waiting' | 'compressing' | 'pushing' | 'pushed' | 'exists' | 'mounted' | 'retry';
  /** Bytes that have arrived there. */
  readonly current: number;
  /** Bytes of the blob. */
  readonly total: number;
  /** With `retry`: what went wrong and how long to wait; with `mounted`: the repository. */
  readonly note?: string;
}

export interface SendOptions {
  readonly paths: StorePaths;
  /** The stored bytes unchanged where undefined, or where they are that already. */
  readonly format?: 'oci' | 'docker' | undefined;
  /** What all layers are to be; as they are where undefined, but for what the destination compresses. */
  readonly compressionFormat?: 'gzip' | 'zstd' | undefined;
  /** 1 to 9 of gzip, 1 to 20 of zstd; for layers that are compressed now. */
  readonly compressionLevel?: number | undefined;
  /** Compresses with `compressionLevel` also what is of the right format already. */
  readonly forceCompression?: boolean | undefined;
  /** The manifest is put under its digest alone, not under the destination's name: a member of a list. */
  readonly byDigest?: boolean | undefined;
  /** Repositories that hold a blob, by full name, for mounting. */
  readonly repositoriesWith?: ((digest: string) => readonly string[]) | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: SendProgress) => void) | undefined;
}

export interface SentImage {
  /** Of the manifest as it was put. */
  readonly digest: string;
  /** Bytes of the manifest. */
  readonly size: number;
  readonly mediaType: string;
  /** Of a list: the digests of its manifests. */
  readonly members?: readonly string[];
}

const CHUNK = 256 << 10;

/**
 * Sends an image (a record, or a manifest's descriptor) of the store. Neither commits nor closes the destination.
 * Throws PodErrors: the destination's own, `invalid` when the store has lost a blob, `unsupported` for a wish that
 * contradicts itself.
 */
export async function sendImage(
  image: Pick<ImageRecord, 'digest' | 'mediaType'>,
  destination: ImageDestination,
  options: SendOptions,
): Promise<SentImage> {
  const { paths, signal } = options;
  const bytes = readBlob(paths, image.digest);
  const what = `image ${image.digest}`;
  const parsed = parseAnyManifest(bytes, image.mediaType, what);
  if (parsed.kind !== 'manifest') throw new PodError({ code: 'invalid', message: `cannot send ${what}` });
  const { manifest, mediaType } = parsed;
  const format = targetFormat(mediaType, options);
  const layers = new Map(manifest.layers.map((layer) => [layer.digest, layer]));
  const blobs = [...layers.values(), manifest.config];
  for (const blob of blobs) requireBlob(paths, blob);
  const compressed = new Map<string, CompressedLayer>();
  try {
    await sideBySide(blobs, destination.atOnce, signal, async (blob, signal) => {
      const isConfig = blob === manifest.config;
      const target = isConfig ? undefined : wantedCompression(blob, destination.compresses, format, options);
      const job: Job = { blob, of: isConfig ? 'config' : 'layer', destination, signal, options };
      if (target === undefined) return sendBlob(job, blob, storedContent(blobPath(paths, blob.digest)));
      report(job, 'compressing', 0);
      const layer = await compressLayer(paths, blob, target, options.compressionLevel, signal);
      compressed.set(blob.digest, layer);
      await sendBlob(job, layer.descriptor, storedContent(layer.path));
    });
  } finally {
    for (const { path } of compressed.values()) removeFile(path);
  }
  const changed = compressed.size > 0 || format !== mediaType;
  const sent = changed ? rewritten(manifest, format, compressed) : bytes;
  const digest = changed ? digestOf(sent) : image.digest;
  await destination.putManifest(sent, format, options.byDigest ? digest : undefined);
  return { digest, size: sent.length, mediaType: format };
}

function requireBlob(paths: StorePaths, { digest, size }: Descriptor): void {
  const stored = blobSize(paths, digest);
  if (stored === size) return;
  throw new PodError({
    code: 'invalid',
    message: `cannot read blob ${digest} of the image store`,
    why: stored === undefined ? 'it is missing' : `it has ${stored} bytes, not ${size}`,
    hint: 'tsc-pod system check --repair',
  });
}

/** The media type of the manifest to be sent. Docker's registries and tools of schema 2 know no zstd. */
function targetFormat(stored: string, { format, compressionFormat }: SendOptions): string {
  if (format === 'docker' && compressionFormat === 'zstd') {
    throw new PodError({
      code: 'unsupported',
      message: 'cannot send zstd-compressed layers in the docker format',
      why: 'schema 2 has no media type for them',
      hint: 'use --format oci',
    });
  }
  if (format !== undefined) return format === 'docker' ? DOCKER_MANIFEST : OCI_MANIFEST;
  return compressionFormat === 'zstd' ? OCI_MANIFEST : stored;
}

/** How a stored layer has to be compressed first; undefined: it is sent as it is. */
function wantedCompression(
  layer: Descriptor,
  compresses: boolean,
  format: string,
  options: SendOptions,
): 'gzip' | 'zstd' | undefined {
  const { compressionFormat, compressionLevel, forceCompression } = options;
  const stored = layerCompression(layer.mediaType);
  const wanted = compressionFormat ?? (forceCompression ? 'gzip' : undefined);
  if (wanted === undefined) {
    const unfit = (compresses && stored === 'none') || (format === DOCKER_MANIFEST && stored === 'zstd');
    return unfit ? 'gzip' : undefined;
  }
  const again = forceCompression === true && compressionLevel !== undefined;
  return stored !== wanted || again ? wanted : undefined;
}

function storedContent(path: string): BlobContent {
  return {
    path,
    open: (from = 0, to = Number.POSITIVE_INFINITY) =>
      createReadStream(path, { start: from, end: to - 1, highWaterMark: CHUNK }),
  };
}

interface Job {
  /** As the store has it. */
  readonly blob: Descriptor;
  readonly of: SendProgress['of'];
  readonly destination: ImageDestination;
  readonly signal: AbortSignal;
  readonly options: SendOptions;
}

function report(
  { blob, of, options }: Job,
  kind: SendProgress['kind'],
  current: number,
  note?: string,
  total = blob.size,
): void {
  options.onProgress?.({ digest: blob.digest, of, kind, current, total, ...(note && { note }) });
}

async function sendBlob(job: Job, blob: Descriptor, content: BlobContent): Promise<void> {
  const { destination, signal, options } = job;
  const { repositoriesWith } = options;
  const hint: BlobHint | undefined = repositoriesWith && {
    repositories: () => repositoriesWith(blob.digest),
  };
  report(job, 'waiting', 0, undefined, blob.size);
  const present = await destination.hasBlob(blob, hint);
  if (present?.kind === 'exists') return report(job, 'exists', blob.size, undefined, blob.size);
  if (present?.kind === 'mounted') return report(job, 'mounted', blob.size, present.from, blob.size);
  let arrived = 0;
  await destination.putBlob(blob, content, {
    signal,
    onProgress: (bytes) => {
      arrived = bytes;
      report(job, 'pushing', bytes, undefined, blob.size);
    },
    onRetry: (error, milliseconds) => {
      const why = error instanceof PodError ? (error.why ?? error.message) : String(error);
      report(job, 'retry', arrived, `${why}; again in ${(milliseconds / 1000).toFixed(1)} s`, blob.size);
    },
  });
  report(job, 'pushed', blob.size, undefined, blob.size);
}

function rewritten(
  manifest: Manifest,
  mediaType: string,
  compressed: ReadonlyMap<string, CompressedLayer>,
): Buffer {
  const layers = manifest.layers.map((layer) => compressed.get(layer.digest)?.descriptor ?? layer);
  const convert = mediaType === DOCKER_MANIFEST ? inDockerTypes : inOciTypes;
  return Buffer.from(JSON.stringify(convert({ ...manifest, layers })));
}
