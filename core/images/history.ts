/** The steps that an image was made by, as its config tells them, with what each added. */

import type { Paths } from '../paths.ts';
import { idOf, nameOf } from './entry.ts';
import { namesOf } from './find.ts';
import type { HistoryEntry, ImageRecord } from './format/types.ts';
import { readIndex } from './layout.ts';
import { parentOf } from './parents.ts';
import { findLayer } from './unpack/unpack.ts';

export interface HistoryStep {
  /** Hex digits of the image that the step ended in; undefined when that isn't here. */
  id: string | undefined;
  /** RFC 3339; undefined when the config doesn't say. */
  created: string | undefined;
  createdBy: string;
  comment: string;
  /** Bytes of the unpacked layer; 0 for a step that made none. */
  size: number;
  /** Canonical names of the image that the step ended in. */
  names: string[];
}

/** The newest first. A config without history gives a step for each layer. */
export async function historyOf(
  paths: Pick<Paths, 'images' | 'layers'>,
  image: ImageRecord,
): Promise<HistoryStep[]> {
  const entries: readonly HistoryEntry[] = image.config.history ?? image.diffIds.map(() => ({}));
  const sizes = await layerSizes(paths, image);
  const ends = imagesAlong(paths, image);
  let layer = 0;
  const steps = entries.map((entry, at): HistoryStep => {
    const end = ends.get(at + 1);
    return {
      id: end?.id,
      created: text(entry.created),
      createdBy: text(entry.created_by) ?? '',
      comment: text(entry.comment) ?? '',
      size: entry.empty_layer === true ? 0 : (sizes[layer++] ?? 0),
      names: end?.names ?? [],
    };
  });
  const newest = steps.at(-1);
  if (newest) Object.assign(newest, { id: image.id, names: image.names });
  return steps.reverse();
}

/** History comes from outside: nothing says that its fields are strings. */
function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** Bytes of each unpacked layer; of the stored blob where it isn't unpacked. */
export async function layerSizes(paths: Pick<Paths, 'layers'>, image: ImageRecord): Promise<number[]> {
  const found = await Promise.all(image.diffIds.map((diffId) => findLayer(paths.layers, diffId)));
  return found.map((layer, at) => layer?.size ?? image.layers[at]?.size ?? 0);
}

/** The images of the store that this one was made from, by how many steps they have. */
function imagesAlong(
  paths: Pick<Paths, 'images'>,
  image: ImageRecord,
): Map<number, { id: string; names: string[] }> {
  const found = new Map<number, { id: string; names: string[] }>();
  const { manifests } = readIndex(paths);
  let { config } = image;
  for (;;) {
    const parent = parentOf(paths, config, manifests);
    if (parent === undefined) return found;
    const id = idOf(paths, parent.entry);
    const same = manifests.filter((other) => nameOf(other) !== undefined && idOf(paths, other) === id);
    found.set(parent.config.history?.length ?? 0, { id, names: namesOf(same) });
    config = parent.config;
  }
}
