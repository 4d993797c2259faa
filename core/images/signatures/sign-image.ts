/** `image sign`: simple signatures for images of registries, put where a pull looks for them. */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Environment } from '../../config/read-config.ts';
import { signaturePlaces } from '../../config/registries-d.ts';
import { errnoOf, PodError } from '../../error.ts';
import { choosePlatform, hostPlatform } from '../../platform.ts';
import { canonicalName, type ImageReference, repositoryName } from '../../reference.ts';
import { parseAnyManifest } from '../format/manifest.ts';
import { type PlaceOptions, searchPlaces } from '../pull/places.ts';
import { claimText, signWithGpg } from './gpg-sign.ts';

export interface SignOptions extends PlaceOptions {
  /** Whose key signs. */
  readonly identity: string;
  /** Instead of what registries.d says. */
  readonly directory?: string | undefined;
  /** Of a list also itself and all its manifests, not only this machine's. */
  readonly all: boolean;
  /** "tsc-pod 1.2.3". */
  readonly creator: string;
}

const MOST = 128;

/** Signs what the registry has under the name now. Gives the paths of the new signatures. */
export async function signImage(reference: ImageReference, options: SignOptions): Promise<string[]> {
  const name = canonicalName(reference);
  signatureStore(reference, options);
  const digests = await searchPlaces(reference, 'sign', options, async ({ client }) => {
    const { bytes, mediaType, digest } = await client.manifest(reference.digest ?? reference.tag ?? 'latest');
    const parsed = parseAnyManifest(bytes, mediaType, `image ${name}`);
    if (parsed.kind === 'manifest') return [digest];
    const entries = parsed.index.manifests;
    if (options.all) return [digest, ...entries.map((entry) => entry.digest)];
    return [choosePlatform(entries, hostPlatform())?.digest ?? digest];
  });
  return signDigests(reference, digests, options);
}

/** Signs manifests as what a name means. Gives the paths of the new signatures. Throws PodError `denied`, `missing`, `usage`. */
export async function signDigests(
  reference: ImageReference,
  digests: readonly string[],
  options: Pick<SignOptions, 'identity' | 'directory' | 'creator' | 'env'>,
): Promise<string[]> {
  const name = canonicalName(reference);
  const store = signatureStore(reference, options);
  const made: string[] = [];
  for (const digest of digests) {
    const seconds = Math.floor(Date.now() / 1000);
    const payload = claimText({ digest, reference: name }, options.creator, seconds);
    const signature = await signWithGpg(options.identity, payload, options.env);
    made.push(put(join(store, `${reference.path}@${digest.replace(':', '=')}`), signature));
  }
  return made;
}

/** The directory that gets the signatures of an image. Throws PodError `usage` where no place is known. */
export function signatureStore(
  reference: ImageReference,
  { directory, env }: Pick<SignOptions, 'directory'> & { readonly env: Environment },
): string {
  if (directory !== undefined) return directory;
  const { staging, lookaside } = signaturePlaces(canonicalName(reference), repositoryName(reference), env);
  const url = staging ?? lookaside;
  if (url?.protocol === 'file:') return fileURLToPath(url);
  throw new PodError({
    code: 'usage',
    message: `cannot tell where to put signatures of ${canonicalName(reference)}`,
    why:
      url === undefined
        ? 'registries.d names no place'
        : `registries.d names ${url.href}, which is no directory`,
    hint: 'tsc-pod image sign --directory DIR …, and copy them to where others look',
  });
}

/** signature-N, the first that is free. */
function put(directory: string, signature: Buffer): string {
  mkdirSync(directory, { recursive: true });
  for (let number = 1; number <= MOST; number++) {
    const path = join(directory, `signature-${number}`);
    try {
      writeFileSync(path, signature, { flag: 'wx' });
      return path;
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST') throw error;
    }
  }
  throw new PodError({
    code: 'conflict',
    message: `cannot sign into ${directory}`,
    why: `it has ${MOST} signatures`,
  });
}
