/** A layer that is made here or brought from elsewhere, into the store: its bytes as they come, and unpacked meanwhile. */

import { createHash, type Hash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { type FileHandle, open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type Compression, compressionOf } from '../../archive/decompress.ts';
import type { Descriptor } from '../format/types.ts';
import { blobPath, newPartial, removeFile, type StorePaths, storeError } from '../layout.ts';
import type { Namespace } from '../unpack/apply-job.ts';
import { type UnpackedLayer, unpackLayer } from '../unpack/unpack.ts';

export interface KeptLayer {
  /** In OCI's types. */
  readonly blob: Descriptor;
  readonly layer: UnpackedLayer;
}

export interface KeepOptions {
  readonly paths: StorePaths;
  readonly namespace: Namespace;
  /** "cannot commit web", for a disk that is full. */
  readonly failing: string;
  readonly onNotice: (text: string) => void;
  readonly signal?: AbortSignal | undefined;
}

/** `bytes` is a tar, as it is or compressed by gzip or zstd; its first chunk has 6 bytes or more. Throws what unpackLayer and `bytes` do. */
export async function keepLayer(bytes: AsyncIterable<Uint8Array>, options: KeepOptions): Promise<KeptLayer> {
  const { paths, namespace, onNotice, signal } = options;
  mkdirSync(paths.layers, { recursive: true, mode: 0o700 });
  const aside = newPartial(paths);
  let file: FileHandle | undefined;
  try {
    file = await open(aside, 'wx', 0o644);
    const written = writeThrough(file, bytes);
    const layer = await unpackLayer(written.bytes, {
      layersDir: paths.layers,
      namespace,
      onNotice,
      ...(signal && { signal }),
    });
    await file.sync();
    const blob = written.descriptor(layer.diffId);
    const target = blobPath(paths, blob.digest);
    mkdirSync(dirname(target), { recursive: true, mode: 0o700 });
    await rename(aside, target);
    return { blob, layer };
  } catch (error) {
    removeFile(aside);
    throw storeError(error, options.failing);
  } finally {
    await file?.close();
  }
}

/** Passes the bytes on once they are in the file. */
function writeThrough(file: FileHandle, source: AsyncIterable<Uint8Array>) {
  let compression: Compression = 'none';
  let hash: Hash | undefined;
  let size = 0;
  async function* bytes(): AsyncGenerator<Uint8Array> {
    for await (const chunk of source) {
      if (chunk.length === 0) continue;
      if (size === 0) {
        compression = compressionOf(chunk);
        // Unpacking hashes an uncompressed one.
        if (compression !== 'none') hash = createHash('sha256');
      }
      size += chunk.length;
      hash?.update(chunk);
      for (let at = 0; at < chunk.length; ) at += (await file.write(chunk, at)).bytesWritten;
      yield chunk;
    }
  }
  const descriptor = (diffId: string): Descriptor => {
    const suffix = compression === 'none' ? '' : `+${compression}`;
    const digest = hash ? `sha256:${hash.digest('hex')}` : diffId;
    return { mediaType: `application/vnd.oci.image.layer.v1.tar${suffix}`, digest, size };
  };
  return { bytes: bytes(), descriptor };
}
