/** --cache-to: the results of a build's steps, as an image that is sent somewhere. */

import { linkSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { PodError, wholeMessage } from '../../error.ts';
import { digestOf } from '../../images/format/digest.ts';
import { MOST_LAYERS } from '../../images/format/manifest.ts';
import { blobPath, writeBlob } from '../../images/layout.ts';
import { manifestOf } from '../../images/new-image.ts';
import { pushImage } from '../../images/push/push.ts';
import { sendToTransport } from '../../images/transports/send.ts';
import { hostPlatform } from '../../platform.ts';
import { randomBytes } from '../../random.ts';
import type { BuildSession } from '../session.ts';
import type { StageLayer, StageState } from '../stage-state.ts';
import { cacheField } from './cache-image.ts';
import type { CacheTarget } from './cache-place.ts';

/** Sends it, unless it went into the image itself. Throws PodErrors of what it is sent to, unless it was asked not to. */
export async function exportCache(
  session: BuildSession,
  target: CacheTarget,
  results: readonly StageState[],
): Promise<void> {
  if (!target.reference) return;
  const step = session.report.step(`exporting cache to ${target.text}`);
  await step.during(async ({ notice }) => {
    try {
      const layers = target.mode === 'max' ? await allLayers(session) : ownLayers(session, results);
      await send(session, target, layers);
    } catch (error) {
      if (!target.ignoreError || !(error instanceof PodError) || session.signal.aborted) throw error;
      notice(wholeMessage(error));
    }
  });
}

async function allLayers({ cache }: BuildSession): Promise<StageLayer[]> {
  const layers = new Map(
    [...cache.steps.values()].flatMap(({ layer }) => (layer ? [[layer.diffId, layer]] : [])),
  );
  const all = [...layers.values()];
  await cache.bring(all);
  return all;
}

function ownLayers({ cache }: BuildSession, results: readonly StageState[]): StageLayer[] {
  const made = new Set([...cache.steps.values()].map(({ layer }) => layer?.diffId));
  const layers = new Map(results.flatMap((state) => state.layers.map((layer) => [layer.diffId, layer])));
  return [...layers.values()].filter(({ diffId }) => made.has(diffId));
}

/** From a layout of its own, in which nobody removes what is being sent. */
async function send(
  session: BuildSession,
  target: CacheTarget,
  layers: readonly StageLayer[],
): Promise<void> {
  if (layers.length > MOST_LAYERS)
    throw new PodError({
      code: 'unsupported',
      message: `cannot export ${layers.length} layers as a cache`,
      why: `an image has ${MOST_LAYERS} at most`,
      hint: '--cache-to type=…,mode=min',
    });
  const { parts, directory, signal } = session;
  const paths = { ...parts.paths, images: join(directory, `cache-${randomBytes(4).toString('hex')}`) };
  for (const { blob } of layers) {
    mkdirSync(dirname(blobPath(paths, blob.digest)), { recursive: true, mode: 0o700 });
    linkSync(blobPath(parts.paths, blob.digest), blobPath(paths, blob.digest));
  }
  const diffIds = layers.map(({ diffId }) => diffId);
  const { os, architecture } = hostPlatform();
  const config = Buffer.from(
    JSON.stringify({
      ...{ architecture, os, config: {}, rootfs: { type: 'layers', diff_ids: diffIds } },
      ...cacheField(session.cache.steps, diffIds),
    }),
  );
  const blobs = layers.map(({ blob }) => blob);
  const { bytes, mediaType } = manifestOf(blobs, config, false);
  for (const small of [config, bytes]) writeBlob(paths, digestOf(small), small);
  const image = { digest: digestOf(bytes), mediaType };
  const { reference, text: _, ...compression } = target;
  const options = { ...compression, paths, signal };
  if (reference?.kind === 'registry') await pushImage(image, reference, { ...parts.registry, ...options });
  else if (reference) await sendToTransport(image, reference, options);
}
