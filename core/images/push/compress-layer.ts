/** A stored layer in another compression, as a file of its own: its digest must be known before it is sent. */

import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants, createGzip, createZstdCompress } from 'node:zlib';
import { decompress } from '../../archive/decompress.ts';
import type { Descriptor } from '../format/types.ts';
import { blobPath, newPartial, removeFile, type StorePaths, storeError } from '../layout.ts';

export interface CompressedLayer {
  /** The file, which whoever asked for it removes. */
  readonly path: string;
  readonly descriptor: Descriptor;
}

const CHUNK = 1 << 20;

/** Compresses a stored layer, whatever it is now. The same layer, format and level give the same bytes. */
export async function compressLayer(
  paths: StorePaths,
  layer: Descriptor,
  format: 'gzip' | 'zstd',
  level: number | undefined,
  signal: AbortSignal,
): Promise<CompressedLayer> {
  const path = newPartial(paths);
  const hash = createHash('sha256');
  let size = 0;
  const count = new Transform({
    transform(chunk: Buffer, _, done) {
      hash.update(chunk);
      size += chunk.length;
      done(null, chunk);
    },
  });
  try {
    await pipeline(
      decompress(createReadStream(blobPath(paths, layer.digest), { highWaterMark: CHUNK })),
      compressor(format, level),
      count,
      createWriteStream(path, { flags: 'wx', highWaterMark: CHUNK }),
      { signal },
    );
  } catch (error) {
    removeFile(path);
    if (signal.aborted) throw signal.reason;
    throw storeError(error, `cannot compress layer ${layer.digest.slice(0, 19)}`);
  }
  const mediaType = `application/vnd.oci.image.layer.v1.tar+${format}`;
  return { path, descriptor: { ...layer, mediaType, digest: `sha256:${hash.digest('hex')}`, size } };
}

function compressor(format: 'gzip' | 'zstd', level: number | undefined) {
  if (format === 'gzip') return createGzip({ chunkSize: CHUNK, ...(level !== undefined && { level }) });
  const params = level === undefined ? {} : { [constants.ZSTD_c_compressionLevel]: level };
  return createZstdCompress({ chunkSize: CHUNK, params });
}
