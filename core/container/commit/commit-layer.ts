/**
 * The layer of a commit: what the container has changed, or with --squash all its files, written as a tar into the
 * store's blobs and unpacked beside the other layers in the same pass.
 */

import type { FileStreamSink, FoundEntry } from '../../../rootless/file-stream.ts';
import { mapPlan } from '../../../rootless/id-map.ts';
import { printable } from '../../archive/tar-entry.ts';
import { tarSink } from '../../archive/tar-sink.ts';
import { type KeptLayer, keepLayer } from '../../images/pull/keep-layer.ts';
import { launcherPath } from '../../launcher.ts';
import { type PackWork, packSteps } from '../copy/pack-job.ts';
import { ownRootPlace, type PlaceParts } from '../copy/place.ts';
import { writtenLayer } from '../written-layer.ts';

/** Empty files that were made for what is bound over them. */
const MOUNT_POINTS = new Set(['etc/hosts', 'etc/hostname', 'etc/resolv.conf', 'run/.containerenv']);
const isMountPoint = ({ path, type, size, below }: FoundEntry): boolean =>
  !below && type === 'file' && size === 0 && MOUNT_POINTS.has(path);
const isReserved = (path: string): boolean => path.split('/').some((name) => name.startsWith('.wh.'));

export function storeLayer(
  parts: PlaceParts,
  squash: boolean,
  notice: (text: string) => void,
): Promise<KeptLayer> {
  const { paths, host, record } = parts;
  const failing = `cannot read the files of ${record.name}`;
  const steps = (sink: FileStreamSink) => stepsOf(parts, squash, { sink, failing });
  return keepLayer(layerTar(steps, notice), {
    paths,
    namespace: { launcher: launcherPath(), maps: mapPlan(host.defaultMaps) },
    failing: `cannot commit ${record.name}`,
    onNotice: notice,
  });
}

/**
 * The tar of a layer, in pieces as large as they are read, from the steps that give its entries to a sink. Told are things
 * that are left out.
 */
export async function* layerTar(
  stepsTo: (sink: FileStreamSink) => ReturnType<typeof packSteps>,
  notice: (text: string) => void,
): AsyncGenerator<Uint8Array> {
  let pieces: Uint8Array[] = [];
  const tar = tarSink((bytes) => void pieces.push(bytes));
  const take = (): Uint8Array => {
    const bytes = Buffer.concat(pieces);
    pieces = [];
    return bytes;
  };
  const steps = stepsTo(withoutForeign(tar, notice));
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
