/** What a stage is, between two of its steps. Never changed: each step gives a new one. */

import type { Descriptor, ImageConfig } from '../images/format/types.ts';

/** A layer that lies in the store: unpacked in `layers/<hex of diffId>/fs`, and as a blob. */
export interface StageLayer {
  /** "sha256:…" of the uncompressed tar. */
  readonly diffId: string;
  readonly blob: Descriptor;
  /** Bytes of the uncompressed tar. */
  readonly size: number;
}

export interface StageState {
  /**
   * The image's config so far: what runs, and the history, one entry an instruction. Its `rootfs` is that of `layers`.
   */
  readonly config: ImageConfig;
  /** The lowest first. */
  readonly layers: readonly StageLayer[];
  /** Those of `layers` that came with the base image. */
  readonly baseLayers: number;
  /** Values of ARG that instructions see from here on; they are not of the image. */
  readonly args: ReadonlyMap<string, string>;
  /** Hex: what this state was made of, the beginning of the next step's cache key. */
  readonly key: string;
}

/** Absolute directories of the unpacked layers, the topmost first: what `layered-file.ts` reads from. */
export function stageDirectories(layersDir: string, { layers }: Pick<StageState, 'layers'>): string[] {
  return layers.map(({ diffId }) => `${layersDir}/${diffId.slice(diffId.indexOf(':') + 1)}/fs`).reverse();
}
