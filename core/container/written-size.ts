/** How much a container takes on the disk: `ps --size`, `inspect --size`. */

import { resolveImage } from '../images/find.ts';
import { createGate } from '../images/gate.ts';
import { changesOf } from './changes.ts';
import type { PlaceParts } from './place.ts';

/** In bytes. */
export interface ContainerSize {
  /** Of the files that it has written. */
  written: number;
  /** With those of its image. */
  virtual: number;
}

/** Walks at a time: each is a process, and together they wait for one disk. */
const WIDTH = 4;

export async function sizeOf(parts: PlaceParts): Promise<ContainerSize> {
  const { paths, record } = parts;
  const { size: written } = await changesOf(parts);
  return { written, virtual: written + (resolveImage(paths, record.image.id)?.size ?? 0) };
}

/** Of several, by their ids. */
export async function sizesOf(all: readonly PlaceParts[]): Promise<Map<string, ContainerSize>> {
  const gate = createGate(WIDTH);
  const sizes = all.map((parts) => gate(async () => [parts.record.id, await sizeOf(parts)] as const));
  return new Map(await Promise.all(sizes));
}
