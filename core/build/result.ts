/** The image of a stage that is done. */

import { PodError } from '../error.ts';
import { KEPT } from '../images/entry.ts';
import { findNamed, resolveImage } from '../images/find.ts';
import { digestOf } from '../images/format/digest.ts';
import type { ImageConfig, ImageRecord } from '../images/format/types.ts';
import { readIndex } from '../images/layout.ts';
import { manifestOf, newImageName, withoutEmpty } from '../images/new-image.ts';
import { putImage } from '../images/store.ts';
import { tagImage } from '../images/tag.ts';
import type { Paths } from '../paths.ts';
import type { Platform } from '../platform.ts';
import { annotationsOf } from './annotations.ts';
import { datedHistory } from './history.ts';
import type { BuildOptions } from './options.ts';
import { executionOf, type StageState } from './stage-state.ts';

function pairs(texts: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    texts.map((text) => {
      const equals = text.indexOf('=');
      return equals < 0 ? [text, ''] : [text.slice(0, equals), text.slice(equals + 1)];
    }),
  );
}

/** The config as it is stored; `baseEntries`: of the history, those of the base image. */
export function imageConfig(state: StageState, options: BuildOptions, now: string): ImageConfig {
  const { created: _, config: __, ...rest } = state.config;
  const execution = executionOf(state);
  const Labels = { ...execution.Labels, ...pairs(options.labels) };
  const history = datedHistory(state, now);
  return {
    created: history.at(-1)?.created ?? now,
    ...rest,
    config: withoutEmpty({ ...execution, Labels }),
    rootfs: { type: 'layers', diff_ids: state.layers.map(({ diffId }) => diffId) },
    history,
  };
}

/** Stores the image under its names; one that is there already stays as it is. */
export async function storeResult(
  paths: Paths,
  state: StageState,
  options: BuildOptions,
  now: string,
  platform?: Platform,
): Promise<ImageRecord> {
  const names = options.tags.map(newImageName);
  const config = Buffer.from(JSON.stringify(imageConfig(state, options, now)));
  const blobs = state.layers.map(({ blob }) => blob);
  const manifest = manifestOf(
    blobs,
    config,
    options.format === 'docker',
    annotationsOf(options, 'manifest', platform),
  );
  const digest = digestOf(manifest.bytes);
  const known = resolveImage(paths, digest);
  if (known && names.every((name) => isNamed(paths, name, digest))) return known;
  const image = await putImage(paths, {
    name: names[0],
    config,
    manifest,
    unpackedSize: state.baseSize + state.layers.reduce((sum, { size }) => sum + size, 0),
  });
  if (!image)
    throw new PodError({
      code: 'conflict',
      message: 'cannot store the image',
      why: 'layers of it were removed meanwhile',
      hint: 'build it again',
    });
  if (names.length > 1) await tagImage(paths, digest, names.slice(1));
  return names.length > 1 ? (resolveImage(paths, digest) ?? image) : image;
}

/** Images of the same id may differ in their manifests: in annotations and in the format. */
function isNamed(paths: Paths, name: string, digest: string): boolean {
  const entry = findNamed(readIndex(paths), name);
  return entry !== undefined && (entry.annotations?.[KEPT.manifest] ?? entry.digest) === digest;
}
