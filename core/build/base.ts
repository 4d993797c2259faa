/** What a stage begins with: another stage, an image, or nothing. */

import { DEFAULT_PATH } from '../container/flags/environment.ts';
import type { ImageRecord } from '../images/format/types.ts';
import type { Platform } from '../platform.ts';
import { CACHE_FIELD } from './cache/cache-image.ts';
import type { StageState } from './stage-state.ts';

/** FROM scratch: as docker's builder begins. */
export function emptyState({ os, architecture, variant }: Platform): StageState {
  return {
    config: {
      ...{ architecture, os, ...(variant && { variant }) },
      config: { Env: [DEFAULT_PATH], WorkingDir: '/' },
    },
    ...{
      history: [],
      baseEntries: 0,
      layers: [],
      baseLayers: 0,
      baseSize: 0,
      args: new Map(),
      ownCommand: false,
    },
  };
}

export function stateOfImage({ config, diffIds, layers, size }: ImageRecord): StageState {
  const {
    rootfs: _,
    history = [],
    created,
    [CACHE_FIELD]: __,
    ...rest
  } = config as ImageRecord['config'] & {
    [CACHE_FIELD]?: unknown;
  };
  return {
    config: { ...rest, ...(created !== undefined && { created }) },
    history,
    baseEntries: history.length,
    layers: layers.map((blob, at) => ({ diffId: diffIds[at]!, blob, size: 0 })),
    baseLayers: layers.length,
    baseSize: size,
    args: new Map(),
    ownCommand: false,
  };
}

/** FROM another stage: its ARGs are known here, too (Docker's docs, "Variables", scoping). */
export const stateOfStage = (state: StageState): StageState => ({ ...state, ownCommand: false });
