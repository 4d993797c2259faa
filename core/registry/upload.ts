/** One blob of any size into a repository (distribution-spec, "Pushing blobs"), gone on with where it broke off. */

import type { Descriptor } from '../images/format/types.ts';
import type { BlobContent, PutOptions } from '../images/push/destination.ts';
import { shortened } from './client.ts';
import { RegistryError } from './error.ts';
import { resolveLocation } from './redirect.ts';
import type { Repository } from './repository.ts';
import { type Attempt, withRetry } from './retry.ts';
import type { Answer } from './transport.ts';

export interface UploadOptions extends PutOptions {
  /** An upload that the registry has begun already, for a mount that it couldn't do. */
  readonly begun?: URL | undefined;
}

/** What a registry gets at a time that refuses to take more. */
const PIECE = 8 << 20;
/** A try that brought this many bytes was worth it: what failed before it counts no more. */
const PROGRESS = 64 << 10;
/** How often an upload that was lost is begun anew. */
const MOST_RESTARTS = 3;
/** The last request may take a registry long: it looks through the whole blob. */
const COMPLETION_PATIENCE = 10;
const CANCEL_MS = 2000;

/** Whether the repository has a blob. Where looking is not allowed, or not known, the answer is no. */
export async function hasRemoteBlob(repository: Repository, digest: string): Promise<boolean> {
  return withRetry(repository.retry, repository.signal, () => lookForBlob(repository, digest));
}

async function lookForBlob(repository: Repository, digest: string): Promise<boolean> {
  const answer = await repository.send('HEAD', await repository.url(`blobs/${digest}`));
  answer.body.resume();
  await repository.expect(answer, [200, 403, 404, 405], `look for the blob ${shortened(digest)} in`);
  return answer.status === 200;
}

/**
 * Asks the registry to take the blob from another of its repositories. True where it has done so; else where it
 * wants the blob to be sent.
 */
export async function mountBlob(repository: Repository, digest: string, from: string): Promise<true | URL> {
  const source = repository.alsoPulling(from);
  const url = await source.url('blobs/uploads/');
  url.searchParams.set('mount', digest);
  url.searchParams.set('from', from);
  return withRetry(repository.retry, repository.signal, async () => {
    const answer = await source.send('POST', url);
    await source.expect(answer, [201, 202], `mount the blob ${shortened(digest)} in`);
    answer.body.resume();
    return answer.status === 201 || locationOf(repository, answer);
  });
}

/** Gives up an upload that was begun, as far as the registry lets. */
export async function cancelUpload(repository: Repository, location: URL): Promise<void> {
  try {
    const answer = await repository.send('DELETE', location, { signal: AbortSignal.timeout(CANCEL_MS) });
    answer.body.resume();
  } catch {
    // It forgets it by itself some day.
  }
}

/** Brings a blob there. Throws a RegistryError. */
export async function uploadBlob(
  repository: Repository,
  blob: Descriptor,
  content: BlobContent,
  options: UploadOptions,
): Promise<void> {
  const { signal = repository.signal } = options;
  const upload = createUpload(repository, blob, content, { ...options, signal });
  try {
    await withRetry(repository.retry, signal, upload.attempt, options.onRetry);
  } catch (error) {
    // A registry that doesn't answer isn't asked for one thing more.
    if (!(error instanceof RegistryError) || error.status !== undefined) await upload.cancel();
    throw error;
  }
}

function createUpload(
  repository: Repository,
  blob: Descriptor,
  content: BlobContent,
  options: UploadOptions,
) {
  const { signal } = options;
  const { digest, size } = blob;
  const doing = `push the blob ${shortened(digest)} to`;
  /** Where the next bytes go; undefined: nothing is begun. */
  let location = options.begun;
  /** Bytes that the registry has. */
  let offset = 0;
  let piece = Number.POSITIVE_INFINITY;
  let restarts = 0;
  let resumed = false;
  /** What was sent last may have arrived or not. */
  let unsure = false;

  async function begin(): Promise<URL> {
    const answer = await repository.send('POST', await repository.url('blobs/uploads/'), { signal });
    await repository.expect(answer, [202], doing);
    answer.body.resume();
    const least = Number(answer.headers['oci-chunk-min-length'] ?? 0);
    if (least > piece) piece = least;
    return locationOf(repository, answer);
  }

  function forget(): void {
    location = undefined;
    offset = 0;
    resumed = false;
  }

  /** After a break: where the registry stands, if it still knows. */
  async function findOut(): Promise<void> {
    if (location === undefined) return;
    const answer = await repository.send('GET', location, { signal });
    answer.body.resume();
    const arrived = arrivedBytes(answer);
    // "0-0" is nothing or one byte.
    if (![200, 202, 204].includes(answer.status) || arrived === undefined || arrived <= 1 || arrived > size) {
      if (answer.status === 401) await repository.expect(answer, [], doing);
      return forget();
    }
    location = locationOf(repository, answer, location);
    offset = arrived;
    resumed = true;
  }

  /** What this request brings, counted from the blob's beginning. */
  function body(from: number, to: number) {
    return {
      path: content.path,
      from,
      size: to - from,
      onProgress: (bytes: number) => options.onProgress?.(from + bytes),
    };
  }

  async function sendPiece(from: URL): Promise<void> {
    const to = Math.min(size, offset + piece);
    const headers = {
      'content-type': 'application/octet-stream',
      'content-range': `${offset}-${to - 1}`,
    };
    const answer = await repository.send('PATCH', from, { headers, body: body(offset, to), signal });
    await repository.expect(answer, [202, 201, 204], doing);
    answer.body.resume();
    const arrived = arrivedBytes(answer) ?? to;
    if (arrived <= offset || arrived > to) {
      throw repository.failure(doing, `it counts ${arrived} bytes where ${to} were sent`, true);
    }
    location = locationOf(repository, answer, from);
    offset = arrived;
  }

  async function complete(from: URL): Promise<void> {
    const url = new URL(from);
    url.searchParams.set('digest', digest);
    const headers = { 'content-type': 'application/octet-stream' };
    const rest = offset < size ? body(offset, size) : Buffer.alloc(0);
    const request = { headers, body: rest, patience: COMPLETION_PATIENCE, signal };
    const answer = await repository.send('PUT', url, request);
    await repository.expect(answer, [201, 204], doing);
    answer.body.resume();
  }

  /** Whether it may help to begin this upload anew: then that is prepared. */
  async function recovers(error: unknown): Promise<boolean> {
    if (!(error instanceof RegistryError) || error.status === undefined || restarts >= MOST_RESTARTS)
      return false;
    const { status, codes } = error;
    if (status === 413) {
      if (piece <= PIECE) return false;
      piece = PIECE;
    } else if (codes.includes('DIGEST_INVALID')) {
      // What was sent in one go and arrived otherwise would do so again.
      if (!resumed) return false;
    } else if (status !== 404 && status !== 416 && !codes.includes('BLOB_UPLOAD_INVALID')) return false;
    restarts++;
    if (status !== 404) await cancel();
    forget();
    return true;
  }

  async function attempt(tried: Attempt): Promise<void> {
    if (unsure) {
      if (await lookForBlob(repository, digest)) return;
      await findOut();
    }
    const before = offset;
    while (location === undefined) location = await begin();
    unsure = true;
    options.onProgress?.(offset);
    try {
      // One request brings it all where it can: the registry hashes as it writes. What is left of a break comes in pieces.
      const whole = offset === 0 && size <= piece;
      while (!whole && offset < size) {
        await sendPiece(location);
        if (offset - before >= PROGRESS) tried.progressed();
      }
      await complete(location);
      options.onProgress?.(size);
    } catch (error) {
      if (!(await recovers(error))) throw error;
      unsure = false;
      return attempt(tried);
    }
  }

  async function cancel(): Promise<void> {
    if (location !== undefined) await cancelUpload(repository, location);
  }

  return { attempt, cancel };
}

/** Bytes that an upload has, by its Range header: "0-1023", whose end is the last byte; undefined where it doesn't say. */
function arrivedBytes(answer: Answer): number | undefined {
  const range = answer.headers.range;
  const last = typeof range === 'string' ? /^(?:bytes=)?0-(\d{1,15})$/.exec(range)?.[1] : undefined;
  return last === undefined ? undefined : Number(last) + 1;
}

/** Where the next request goes. A registry behind a proxy that ends TLS may not know that it is on https. */
function locationOf(repository: Repository, answer: Answer, usual?: URL): URL {
  const { location } = answer.headers;
  if (location === undefined) {
    if (usual !== undefined) return usual;
    throw repository.failure('push to', 'its answer does not say where to send the blob');
  }
  const { protocol, host } = answer.url;
  const same = protocol === 'https:' && location.startsWith(`http://${host}/`);
  return resolveLocation(answer.url, same ? location.replace(/^http:/, 'https:') : location);
}
