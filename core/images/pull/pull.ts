/** Getting an image: from the store if the policy lets it, else from the first place that has it. */

import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Endpoint } from '../../config/endpoints.ts';
import { loadRegistriesConfig } from '../../config/registries-conf.ts';
import { keepAlias } from '../../config/short-name-aliases.ts';
import { expandShortName, resolveShortName } from '../../config/short-names.ts';
import { PodError } from '../../error.ts';
import { platformMatches } from '../../platform.ts';
import { canonicalName, familiarName, type ImageReference, repositoryName } from '../../reference.ts';
import type { RegistryClient } from '../../registry/client.ts';
import { RegistryError } from '../../registry/error.ts';
import { openTransport } from '../../registry/transport.ts';
import { resolveNameless, resolveReference } from '../find.ts';
import type { ImageRecord } from '../format/types.ts';
import { removeFile, type StorePaths } from '../layout.ts';
import { isAcceptedUnseen } from '../signatures/verify-image.ts';
import { fetchImage, type Wanted } from './fetch-image.ts';
import { fromPlaces } from './places.ts';
import type { PullOptions } from './pull-options.ts';

export type { PullOptions, PullPolicy } from './pull-options.ts';

/**
 * The image of a reference, complete in the store. Errors: `not-found`, `denied`, `network`, `invalid` (what came
 * breaks its format or its digest), `unsupported`, `no-space`, `interrupted`.
 */
export async function pullImage(reference: ImageReference, options: PullOptions): Promise<ImageRecord> {
  const policy = options.policy ?? 'missing';
  const local = findLocal(reference, options);
  if (local !== undefined && (policy === 'missing' || policy === 'never')) return local;
  const config = await loadRegistriesConfig(options.env);
  const present = local ?? firstLocal(expandShortName(reference, config), options);
  if (present !== undefined && (policy === 'missing' || policy === 'never')) return present;
  if (policy === 'never') throw absent(reference);
  removeStale(options.paths);
  const { candidates, chosen } = await resolveShortName(reference, config, options.choose);
  const transport = await openTransport(options);
  try {
    const search = { reference, candidates, config, transport, verb: 'pull' };
    const image = await fromPlaces(search, options, async ({ client, endpoint, name }) => {
      const kept = present !== undefined && isAcceptedUnseen(canonicalName(name), options);
      if (kept && (await isCurrent(client, endpoint, present))) return present;
      return fetchImage(client, wantedOf(name, endpoint.reference), options);
    });
    if (chosen !== undefined) await keepAlias(chosen, repositoryName(candidates[0]!), options.env);
    return image;
  } catch (error) {
    if (
      policy === 'newer' &&
      present !== undefined &&
      error instanceof PodError &&
      error.code === 'network'
    ) {
      options.onNotice?.(`using the local ${familiarName(reference)}: ${error.why ?? error.message}`);
      return present;
    }
    throw error;
  } finally {
    transport.close();
  }
}

/** What the store has for a reference, if it is for the platform that is asked for. */
function findLocal(reference: ImageReference, options: PullOptions): ImageRecord | undefined {
  const { paths, platform, nameless } = options;
  const image = resolveReference(paths, reference);
  if (image !== undefined && (!platform || platformMatches(image.platform, platform))) return image;
  return platform && nameless ? resolveNameless(paths, reference, platform) : undefined;
}

function firstLocal(candidates: readonly ImageReference[], options: PullOptions): ImageRecord | undefined {
  for (const candidate of candidates) {
    const image = findLocal(candidate, options);
    if (image !== undefined) return image;
  }
  return undefined;
}

function absent(reference: ImageReference): PodError {
  const name = familiarName(reference);
  const message = `image ${name} is not here, and the pull policy is never`;
  return new PodError({ code: 'not-found', message, hint: `tsc-pod pull ${name}` });
}

/** `remote`: its name where it is fetched, a mirror maybe. */
export function wantedOf(name: ImageReference, remote: ImageReference): Wanted {
  const tagOrDigest = remote.digest ?? remote.tag ?? 'latest';
  return { tagOrDigest, name: canonicalName(name), what: `image ${canonicalName(remote)}` };
}

/** A tag that stands where it stood needs no download (and counts for no rate limit: it is a HEAD request). */
async function isCurrent(client: RegistryClient, endpoint: Endpoint, present: ImageRecord): Promise<boolean> {
  const { digest, tag } = endpoint.reference;
  if (digest !== undefined) return [present.digest, present.listDigest].includes(digest);
  try {
    const current = await client.currentDigest(tag ?? 'latest');
    return current !== undefined && [present.digest, present.listDigest].includes(current);
  } catch (error) {
    // Some registries don't know HEAD: the GET that follows tells what is wrong, if anything is.
    if (error instanceof RegistryError && error.status !== undefined && error.status !== 429) return false;
    throw error;
  }
}

const STALE_MS = 7 * 24 * 3600_000;

/** Downloads that nobody went on with for a week. */
function removeStale(paths: StorePaths): void {
  try {
    for (const name of readdirSync(paths.partial)) {
      const path = join(paths.partial, name);
      if (Date.now() - statSync(path).mtimeMs > STALE_MS) removeFile(path);
    }
  } catch {
    // Tidying up is no reason to fail.
  }
}
