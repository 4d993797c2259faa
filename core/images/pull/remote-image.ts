/** What a source has under a name: the manifest for a platform and its config, checked against each other. */

import { PodError } from '../../error.ts';
import {
  choosePlatform,
  formatPlatform,
  hostPlatform,
  offerHint,
  type Platform,
  platformMatches,
} from '../../platform.ts';
import { printable } from '../../reference.ts';
import { digestOf } from '../format/digest.ts';
import { parseImageConfig } from '../format/image-config.ts';
import { invalid } from '../format/json.ts';
import { checkLayers, parseAnyManifest } from '../format/manifest.ts';
import type { Descriptor, ImageConfig, Manifest } from '../format/types.ts';
import { blobSize, readBlob, type StorePaths } from '../layout.ts';
import type { ImageSource } from './source.ts';

export interface RemoteImage {
  readonly manifest: Manifest;
  readonly manifestBytes: Uint8Array;
  readonly mediaType: string;
  readonly config: ImageConfig;
  readonly configBytes: Uint8Array;
  /** Digest of the list that the manifest was chosen from. */
  readonly listDigest: string | undefined;
}

const CONFIG_LIMIT = 8 << 20;
const DEEPEST_LIST = 3;

/**
 * Fetches the manifest that `tagOrDigest` names and its config, without what the store has already. `what` is for
 * messages: "image docker.io/library/alpine:latest".
 */
export async function findRemoteImage(
  source: ImageSource,
  { tagOrDigest, what }: { tagOrDigest: string | undefined; what: string },
  platform: Platform | undefined,
  paths: StorePaths,
): Promise<RemoteImage> {
  let current = await source.manifest(tagOrDigest);
  let listDigest: string | undefined;
  for (let depth = 0; ; depth++) {
    const parsed = parseAnyManifest(current.bytes, current.mediaType, what);
    if (parsed.kind === 'manifest') {
      return {
        ...(await withConfig(source, parsed.manifest, platform, what, paths)),
        ...found(current, parsed.mediaType),
      };
    }
    if (depth === DEEPEST_LIST) throw invalid(what, 'its lists are nested too deeply');
    listDigest ??= current.digest;
    const chosen = chooseEntry(parsed.index.manifests, platform, what);
    const kept = stored(paths, chosen);
    current = kept
      ? { bytes: kept, mediaType: chosen.mediaType, digest: chosen.digest }
      : await source.manifest(chosen.digest);
    if (current.bytes.length !== chosen.size)
      throw invalid(what, 'a manifest has not the size that its list tells');
  }

  function found(
    { bytes }: { bytes: Uint8Array },
    mediaType: string,
  ): Pick<RemoteImage, 'manifestBytes' | 'mediaType' | 'listDigest'> {
    return { manifestBytes: bytes, mediaType, listDigest };
  }
}

function chooseEntry(
  entries: readonly Descriptor[],
  platform: Platform | undefined,
  what: string,
): Descriptor {
  const wanted = platform ?? hostPlatform();
  const chosen = choosePlatform(entries, wanted);
  if (chosen !== undefined) return chosen;
  throw new PodError({
    code: 'not-found',
    message: `cannot use ${what}`,
    why: `it is not there for ${formatPlatform(wanted)}`,
    hint: offerHint(entries),
  });
}

/** A small blob that the store has, if it is what its digest says. */
function stored(paths: StorePaths, { digest, size }: Descriptor): Buffer | undefined {
  if (blobSize(paths, digest) !== size || size > CONFIG_LIMIT) return undefined;
  const bytes = readBlob(paths, digest);
  return digestOf(bytes, digest.startsWith('sha512') ? 'sha512' : 'sha256') === digest ? bytes : undefined;
}

async function withConfig(
  source: ImageSource,
  manifest: Manifest,
  platform: Platform | undefined,
  what: string,
  paths: StorePaths,
): Promise<Pick<RemoteImage, 'manifest' | 'config' | 'configBytes'>> {
  checkLayers(manifest, what);
  const { digest, size } = manifest.config;
  const configBytes = stored(paths, manifest.config) ?? (await source.smallBlob(digest, size, CONFIG_LIMIT));
  const config = parseImageConfig(configBytes, what);
  if (config.rootfs.diff_ids.length !== manifest.layers.length) {
    throw invalid(
      what,
      `it has ${manifest.layers.length} layers and ${config.rootfs.diff_ids.length} diff ids`,
    );
  }
  const offered = { os: config.os, architecture: config.architecture, variant: config.variant };
  if (platform !== undefined && !platformMatches(offered, platform)) {
    throw new PodError({
      code: 'not-found',
      message: `cannot use ${what}`,
      why: `it is for ${printable(formatPlatform(offered))}, not for ${formatPlatform(platform)}`,
    });
  }
  return { manifest, config, configBytes };
}
