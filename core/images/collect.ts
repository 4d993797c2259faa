/** Giving disk space back: blobs and unpacked layers that no image of the index needs. Nothing is counted in store. */

import { randomBytes } from 'node:crypto';
import { mkdirSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf } from '../error.ts';
import { KEPT } from './entry.ts';
import { parseDigest } from './format/digest.ts';
import { parseImageConfig } from './format/image-config.ts';
import { parseAnyManifest } from './format/manifest.ts';
import type { Descriptor } from './format/types.ts';
import { blobPath, layerPath, readBlob, removeFile, type StorePaths, updateIndex } from './layout.ts';

export interface Collected {
  /** Bytes of blobs and, as far as known, of unpacked layers. */
  readonly freed: number;
  /** Folders in `trash/` with owners of the user namespace in them: they are to be removed by its root. */
  readonly trash: readonly string[];
}

interface Needs {
  blobs: Set<string>;
  diffIds: Set<string>;
}

/**
 * Finds what only `goes` need, not `stays`, before anything changes; the returned function removes it, and is called
 * under the index's lock after the index has been written.
 */
export function collect(
  paths: StorePaths,
  goes: readonly Descriptor[],
  stays: readonly Descriptor[],
  keepLayers: ReadonlySet<string> = new Set(),
): () => Collected {
  const gone = needsOf(paths, goes, true);
  const kept = needsOf(paths, stays, false);
  const blobs = [...gone.blobs].filter((digest) => !kept.blobs.has(digest) && !keepLayers.has(digest));
  const layers = [...gone.diffIds].filter((diffId) => !kept.diffIds.has(diffId) && !keepLayers.has(diffId));
  return () => discard(paths, blobs, layers);
}

/** Removes those of these blobs and layers that no image needs. */
export async function discardUnused(
  paths: StorePaths,
  digests: readonly string[],
  diffIds: readonly string[],
): Promise<Collected> {
  return updateIndex(paths, (index) => {
    const kept = needsOf(paths, index.manifests, false);
    const result = discard(
      paths,
      digests.filter((digest) => !kept.blobs.has(digest)),
      diffIds.filter((diffId) => !kept.diffIds.has(diffId)),
    );
    return { result };
  });
}

function discard(paths: StorePaths, digests: readonly string[], diffIds: readonly string[]): Collected {
  let freed = 0;
  for (const digest of digests) freed += removeBlob(paths, digest);
  const trash = diffIds.map((diffId) => discardLayer(paths, diffId)).filter((path) => path !== undefined);
  return { freed, trash };
}

/** All digests that entries lead to. A broken image among those that stay stops the work: its needs are unknown. */
function needsOf(paths: StorePaths, entries: readonly Descriptor[], tolerant: boolean): Needs {
  const needs: Needs = { blobs: new Set(), diffIds: new Set() };
  for (const entry of entries) {
    const original = entry.annotations?.[KEPT.manifest];
    if (original !== undefined) needs.blobs.add(original);
    addNeeds(paths, entry, needs, tolerant);
  }
  return needs;
}

function addNeeds(paths: StorePaths, entry: Descriptor, needs: Needs, tolerant: boolean): void {
  needs.blobs.add(entry.digest);
  try {
    const parsed = parseAnyManifest(readBlob(paths, entry.digest), entry.mediaType, entry.digest);
    if (parsed.kind === 'index') {
      for (const child of parsed.index.manifests) addNeeds(paths, child, needs, true);
      return;
    }
    const { config, layers } = parsed.manifest;
    for (const { digest } of [config, ...layers]) needs.blobs.add(digest);
    for (const diffId of parseImageConfig(readBlob(paths, config.digest), config.digest).rootfs.diff_ids) {
      needs.diffIds.add(diffId);
    }
  } catch (error) {
    if (!tolerant) throw error;
  }
}

function removeBlob(paths: StorePaths, digest: string): number {
  const path = blobPath(paths, digest);
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  removeFile(path);
  return size;
}

/** Out of sight in one step; its files belong to the ids of the user namespace. */
function discardLayer(paths: StorePaths, diffId: string): string | undefined {
  const target = join(
    paths.trash,
    `layer-${parseDigest(diffId, 'a layer').hex.slice(0, 16)}-${randomBytes(6).toString('hex')}`,
  );
  mkdirSync(paths.trash, { recursive: true, mode: 0o700 });
  try {
    renameSync(layerPath(paths, diffId), target);
    return target;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
