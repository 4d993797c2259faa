/** One image from one source into the store: its layers side by side, its name last. */

import { PodError } from '../../error.ts';
import { discardUnused } from '../collect.ts';
import type { Descriptor, ImageRecord } from '../format/types.ts';
import { blobSize, hasLayer, type StorePaths } from '../layout.ts';
import { sideBySide } from '../side-by-side.ts';
import { verifyImage } from '../signatures/verify-image.ts';
import { putImage } from '../store.ts';
import { abandonedLayers, findLayer, removeTree } from '../unpack/unpack.ts';
import { openUnpackers } from '../unpack/unpackers.ts';
import { fetchLayer, missingBytes } from './fetch-layer.ts';
import type { PullOptions } from './pull-options.ts';
import { findRemoteImage, type RemoteImage } from './remote-image.ts';
import type { ImageSource } from './source.ts';
import { requireSpace } from './space.ts';

/** Layers at a time; each is downloaded and unpacked at once. */
const AT_A_TIME = 4;
/** How often somebody may remove what this pull counts on before that is an error. */
const TRIES = 3;

export interface Layer {
  readonly blob: Descriptor;
  readonly diffId: string;
}

export interface Wanted {
  /** What the source knows it by; what the source stands for when undefined. */
  readonly tagOrDigest: string | undefined;
  /** Canonical name that it gets in the store; undefined for none. */
  readonly name: string | undefined;
  /** For messages: "image localhost:5000/app:1", as the source (a mirror, maybe) has it. */
  readonly what: string;
}

/** Fetches an image and gives it its name. */
export async function fetchImage(
  source: ImageSource,
  wanted: Wanted,
  options: PullOptions,
): Promise<ImageRecord> {
  const { paths } = options;
  const { name, what } = wanted;
  const image = await findRemoteImage(source, wanted, options.platform, paths);
  await verifyImage(source, wanted, image, options);
  const layers = layersOf(image);
  for (let left = TRIES; left > 0; left--) {
    await fetchLayers(source, layers, name ?? what, options);
    const put = await putImage(paths, {
      ...(options.nameless ? { name: undefined, from: name } : { name }),
      manifest: { bytes: image.manifestBytes, mediaType: image.mediaType },
      config: image.configBytes,
      listDigest: image.listDigest,
      unpackedSize: await unpackedSize(paths, image.config.rootfs.diff_ids),
    });
    if (put !== undefined) return put;
  }
  const message = `cannot keep ${name ?? what}`;
  throw new PodError({ code: 'conflict', message, why: 'its layers are being removed at the same time' });
}

/** Blobs beside their diff ids, each blob once: an image may use a layer twice. */
function layersOf({ manifest, config }: RemoteImage): Layer[] {
  const layers = new Map<string, Layer>();
  manifest.layers.forEach((blob, index) => {
    const diffId = config.rootfs.diff_ids[index]!;
    const key = `${blob.digest} ${diffId}`;
    if (!layers.has(key)) layers.set(key, { blob, diffId });
  });
  return [...layers.values()];
}

/** Brings layers that are not there; `name` is for messages. What is damaged or hostile leaves nothing. */
export async function fetchLayers(
  source: ImageSource,
  layers: readonly Layer[],
  name: string,
  options: Pick<PullOptions, 'paths' | 'namespace' | 'signal' | 'onNotice' | 'onProgress'>,
): Promise<void> {
  const { paths } = options;
  const absent = {
    blobs: layers.filter(({ blob }) => blobSize(paths, blob.digest) !== blob.size).map(({ blob }) => blob),
    layers: layers.filter(({ diffId }) => !hasLayer(paths, diffId)),
  };
  if (absent.blobs.length + absent.layers.length === 0) return reportAll(layers, options);
  // A layer takes at least as much unpacked as packed: a lower bound, so that nothing is refused that fits.
  const unpacked = absent.layers.reduce((sum, { blob }) => sum + blob.size, 0);
  const packed = absent.blobs.reduce((sum, blob) => sum + missingBytes(paths, blob), 0);
  requireSpace(paths.images, packed + unpacked, `cannot store ${name}`);
  const namespace = await options.namespace();
  const tidyUp = async (): Promise<void> => {
    for (const path of abandonedLayers(paths.layers)) await removeTree(path, namespace);
  };
  await tidyUp();
  const unpackers = openUnpackers(absent.layers.length, unpacked);
  try {
    const { onNotice, onProgress = () => {} } = options;
    const means = { source, paths, namespace, unpackers, onProgress, onNotice };
    await sideBySide(layers, AT_A_TIME, options.signal, (layer, signal) =>
      fetchLayer({ ...layer, ...means, signal }),
    );
  } catch (error) {
    await unpackers.close();
    await tidyUp(); // after one of them that was killed
    // What is broken or hostile leaves nothing behind; what broke off is gone on with next time.
    if (error instanceof PodError && error.code === 'invalid') {
      const digests = absent.blobs.map(({ digest }) => digest);
      const diffIds = absent.layers.map(({ diffId }) => diffId);
      for (const path of (await discardUnused(paths, digests, diffIds)).trash)
        await removeTree(path, namespace);
    }
    throw error;
  } finally {
    await unpackers.close();
  }
}

function reportAll(layers: readonly Layer[], { onProgress }: Pick<PullOptions, 'onProgress'>): void {
  for (const { blob } of layers) {
    onProgress?.({ digest: blob.digest, kind: 'exists', current: blob.size, total: blob.size });
  }
}

async function unpackedSize(paths: StorePaths, diffIds: readonly string[]): Promise<number> {
  const found = await Promise.all(diffIds.map((diffId) => findLayer(paths.layers, diffId)));
  return found.reduce((sum, layer) => sum + (layer?.size ?? 0), 0);
}
