/** Entries of the layout's index: which image, under which name, and what is kept about it beside the standard. */

import type { Paths } from '../paths.ts';
import { choosePlatform, hostPlatform } from '../platform.ts';
import { parseDigest } from './digest.ts';
import { parseImageConfig } from './image-config.ts';
import { invalid } from './json.ts';
import { REF_NAME, readBlob } from './layout.ts';
import { parseAnyManifest } from './manifest.ts';
import { DOCKER_MANIFEST, isIndexType } from './media-types.ts';
import type { Descriptor, ImageRecord, Manifest } from './types.ts';

/** Our annotations, beside REF_NAME. All follow from the blob that the entry names: entries of others lack them. */
export const KEPT = {
  /** The image's id: hex digits of its config's digest. */
  id: 'tsc-pod.id',
  /** Bytes of the unpacked layers. */
  size: 'tsc-pod.size',
  /** Digest of the Docker manifest that the entry's OCI manifest was made from. */
  manifest: 'tsc-pod.manifest',
  /** Digest of the list that the manifest was chosen from. */
  list: 'tsc-pod.list',
} as const;

export function nameOf(entry: Descriptor): string | undefined {
  return entry.annotations?.[REF_NAME];
}

/** The id of an entry's image. Reads the manifest where the entry doesn't tell. */
export function idOf(paths: Pick<Paths, 'images'>, entry: Descriptor): string {
  const kept = entry.annotations?.[KEPT.id];
  if (kept !== undefined && /^[a-f0-9]{64,128}$/.test(kept)) return kept;
  return parseDigest(readManifestOf(paths, entry).manifest.config.digest, 'a config').hex;
}

/** The manifest that an entry leads to: for an index among the entries, the one for this machine. */
export function readManifestOf(
  paths: Pick<Paths, 'images'>,
  entry: Descriptor,
): { manifest: Manifest; mediaType: string; digest: string } {
  const what = `image ${nameOf(entry) ?? entry.digest}`;
  const parsed = parseAnyManifest(readBlob(paths, entry.digest), entry.mediaType, what);
  if (parsed.kind === 'manifest') return { ...parsed, digest: entry.digest };
  const entries = parsed.index.manifests.filter(({ mediaType }) => !isIndexType(mediaType));
  const chosen = choosePlatform(entries, hostPlatform()) ?? entries[0];
  if (chosen === undefined) throw invalid(what, 'it lists no manifest');
  return readManifestOf(paths, { ...chosen, ...(entry.annotations && { annotations: entry.annotations }) });
}

/** Everything about an entry's image. `names` are all names of the same image. */
export function readRecord(paths: Pick<Paths, 'images'>, entry: Descriptor, names: string[]): ImageRecord {
  const { manifest, mediaType, digest } = readManifestOf(paths, entry);
  const config = parseImageConfig(readBlob(paths, manifest.config.digest), `image ${names[0] ?? digest}`);
  const kept = entry.annotations ?? {};
  const stored = manifest.layers.reduce((sum, layer) => sum + layer.size, 0);
  const { os, architecture, variant } = config;
  return {
    id: parseDigest(manifest.config.digest, 'a config').hex,
    names,
    digest: kept[KEPT.manifest] ?? digest,
    listDigest: kept[KEPT.list],
    mediaType: kept[KEPT.manifest] === undefined ? mediaType : DOCKER_MANIFEST,
    created: config.created,
    size: Number(kept[KEPT.size] ?? stored),
    platform: variant ? { os, architecture, variant } : { os, architecture },
    config,
    diffIds: config.rootfs.diff_ids,
    layers: manifest.layers.map((layer) => ({
      digest: layer.digest,
      size: layer.size,
      mediaType: layer.mediaType,
    })),
  };
}
