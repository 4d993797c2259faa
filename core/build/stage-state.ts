/** What a stage is, between two of its steps. Never changed: each step gives a new one. */

import type { Descriptor, ExecutionConfig, HistoryEntry, ImageConfig } from '../images/format/types.ts';

/** A layer that lies in the store: unpacked in `layers/<hex of diffId>/fs`, and as a blob. */
export interface StageLayer {
  /** "sha256:…" of the uncompressed tar. */
  readonly diffId: string;
  readonly blob: Descriptor;
  /** Bytes of the uncompressed tar; 0 for those of a base image. */
  readonly size: number;
}

export interface StageState {
  /** The image's config so far, without `rootfs` (that of `layers`) and `history`. */
  readonly config: Omit<ImageConfig, 'rootfs' | 'history'>;
  /** One entry an instruction; those without `created` get it when all is done (history.ts). */
  readonly history: readonly HistoryEntry[];
  /** Those of `history` that came with the base image. */
  readonly baseEntries: number;
  /** The lowest first. Their diff ids stand for all that is below a step: its cache key begins with them. */
  readonly layers: readonly StageLayer[];
  /** Those of `layers` that came with the base image. */
  readonly baseLayers: number;
  /** Bytes of the base image, unpacked. */
  readonly baseSize: number;
  /** Values of ARG that instructions see from here on; they are not of the image. */
  readonly args: ReadonlyMap<string, string>;
  /** CMD was given in this stage: an ENTRYPOINT leaves it. */
  readonly ownCommand: boolean;
}

export const executionOf = ({ config }: StageState): ExecutionConfig => config.config ?? {};

export const workingDirectoryOf = (state: StageState): string => executionOf(state).WorkingDir || '/';

/** The state with another execution config and one more entry in its history. */
export function withConfig(state: StageState, change: ExecutionConfig, text: string): StageState {
  return {
    ...state,
    config: { ...state.config, config: { ...executionOf(state), ...change } },
    history: [...state.history, { created_by: text, comment: COMMENT, empty_layer: true }],
  };
}

/** The state with one more layer; `created` is RFC 3339. */
export function withLayer(state: StageState, layer: StageLayer, created: string, text: string): StageState {
  return {
    ...state,
    layers: [...state.layers, layer],
    history: [...state.history, { created, created_by: text, comment: COMMENT }],
  };
}

/** By which tools know that an entry is an instruction of a Dockerfile, as docker's builder writes it. */
const COMMENT = 'buildkit.dockerfile.v0';
