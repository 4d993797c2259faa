/**
 * The layer of a commit: what the container has changed, or with --squash all its files, written as a tar into the
 * store's blobs and unpacked beside the other layers in the same pass.
 */

import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { type FileHandle, open, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { FileStreamSink, FoundEntry } from '../../../rootless/file-stream.ts';
import { mapPlan } from '../../../rootless/id-map.ts';
import { printable } from '../../archive/tar-entry.ts';
import { tarSink } from '../../archive/tar-sink.ts';
import { blobPath, removeFile, storeError } from '../../images/layout.ts';
import { type UnpackedLayer, unpackLayer } from '../../images/unpack.ts';
import { launcherPath } from '../../launcher.ts';
import { type PackWork, packSteps } from '../copy/pack-job.ts';
import { ownRootPlace, type PlaceParts } from '../copy/place.ts';
import { writtenLayer } from '../written-layer.ts';

/** Empty files that were made for what is bound over them. */
const MOUNT_POINTS = new Set(['etc/hosts', 'etc/hostname', 'etc/resolv.conf', 'run/.containerenv']);
const isMountPoint = ({ path, type, size, below }: FoundEntry): boolean =>
  !below && type === 'file' && size === 0 && MOUNT_POINTS.has(path);
const isReserved = (path: string): boolean => path.split('/').some((name) => name.startsWith('.wh.'));

export async function storeLayer(
  parts: PlaceParts,
  squash: boolean,
  notice: (text: string) => void,
): Promise<UnpackedLayer> {
  const { paths, host } = parts;
  for (const path of [paths.partial, paths.layers]) mkdirSync(path, { recursive: true, mode: 0o700 });
  const aside = join(paths.partial, `aside-${randomBytes(8).toString('hex')}`);
  const namespace = { launcher: launcherPath(), maps: mapPlan(host.defaultMaps) };
  let file: FileHandle | undefined;
  try {
    file = await open(aside, 'wx', 0o644);
    const tar = layerTar(parts, squash, notice);
    const source = written(file, tar);
    const layer = await unpackLayer(source, { layersDir: paths.layers, namespace, onNotice: notice });
    await file.sync();
    const target = blobPath(paths, layer.diffId);
    mkdirSync(dirname(target), { recursive: true, mode: 0o700 });
    await rename(aside, target);
    return layer;
  } catch (error) {
    removeFile(aside);
    throw storeError(error, `cannot commit ${parts.record.name}`);
  } finally {
    await file?.close();
  }
}

/** Passes the bytes on once they are in the file. */
async function* written(file: FileHandle, bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of bytes) {
    if (chunk.length === 0) continue;
    for (let at = 0; at < chunk.length; ) at += (await file.write(chunk, at)).bytesWritten;
    yield chunk;
  }
}

/** The layer's tar, in pieces as large as they are read. */
async function* layerTar(
  parts: PlaceParts,
  squash: boolean,
  notice: (text: string) => void,
): AsyncGenerator<Uint8Array> {
  let pieces: Uint8Array[] = [];
  const tar = tarSink((bytes) => void pieces.push(bytes));
  const take = (): Uint8Array => {
    const bytes = Buffer.concat(pieces);
    pieces = [];
    return bytes;
  };
  const failing = `cannot read the files of ${parts.record.name}`;
  const steps = stepsOf(parts, squash, { sink: withoutForeign(tar, notice), failing });
  try {
    for (let step = await steps.next(); ; step = await steps.next()) {
      if (step.done) {
        step.value.forEach(notice);
        tar.finish();
        yield take();
        return;
      }
      yield take();
    }
  } finally {
    await steps.return([]);
  }
}

function stepsOf(parts: PlaceParts, squash: boolean, work: PackWork): ReturnType<typeof packSteps> {
  if (squash) return packSteps(ownRootPlace(parts)(), ['pack', '/', '/', '', 'own'], work);
  const layer = writtenLayer(parts, false);
  return packSteps(layer.namespace, layer.job, { ...work, sink: layer.sink(work.sink) });
}

/** Leaves out what isn't the image's: image-spec, layer.md, keeps names that begin with .wh. for itself. */
function withoutForeign(sink: ReturnType<typeof tarSink>, notice: (text: string) => void): FileStreamSink {
  let left = false;
  return {
    entry: (entry) => {
      const reserved = isReserved(entry.path) || (entry.type === 'hardlink' && isReserved(entry.linkTarget));
      left = reserved || isMountPoint(entry);
      if (!left) sink.entry(entry);
      if (reserved)
        notice(
          `left out ${printable(entry.path)}: names that begin with .wh. mean something else in an image`,
        );
    },
    data: (bytes) => {
      if (!left) sink.data(bytes);
    },
    hole: (length) => {
      if (!left) sink.hole(length);
    },
    whiteout: (path) => sink.whiteout(path),
  };
}
