/** Which layers an image is made of, and which other images end in them. */

import type { Paths } from '../paths.ts';
import type { ImageRecord } from './format/types.ts';
import { layerSizes } from './history.ts';
import { listImages } from './list.ts';

export interface LayerNode {
  /** "sha256:…" of the uncompressed layer. */
  diffId: string;
  /** Bytes, unpacked. */
  size: number;
  /** Names of the images that end in it. */
  topOf: string[];
  /** Layers that lie on it, in this image; with `requiredBy` in all images. */
  above: LayerNode[];
}

const chain = (diffIds: readonly string[]): string => diffIds.join(' ');

/** The image's layers from the lowest up, one on the other. `requiredBy`: all that other images have on top of them, too. */
export async function layerTree(
  paths: Pick<Paths, 'images' | 'layers'>,
  image: ImageRecord,
  requiredBy: boolean,
): Promise<LayerNode[]> {
  const images = listImages(paths);
  const shown = requiredBy
    ? [image, ...images.filter((other) => chain(other.diffIds).startsWith(`${chain(image.diffIds)} `))]
    : [image];
  const nodes = new Map<string, LayerNode>();
  const lowest: LayerNode[] = [];
  for (const one of shown) {
    const sizes = await layerSizes(paths, one);
    let below: LayerNode | undefined;
    for (const [at, diffId] of one.diffIds.entries()) {
      const key = chain(one.diffIds.slice(0, at + 1));
      let node = nodes.get(key);
      if (node === undefined) {
        const topOf = images.filter((other) => chain(other.diffIds) === key).flatMap(({ names }) => names);
        node = { diffId, size: sizes[at] ?? 0, topOf, above: [] };
        nodes.set(key, node);
        (below?.above ?? lowest).push(node);
      }
      below = node;
    }
  }
  return lowest;
}
