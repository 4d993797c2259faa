/** The pull half of the distribution protocol (distribution-spec) for one repository of one registry. */

import { digestOf, isDigest, parseDigest } from '../images/format/digest.ts';
import { ACCEPTED_MANIFESTS } from '../images/format/media-types.ts';
import type { BlobBody, ImageSource, SourceManifest } from '../images/pull/source.ts';
import { printable } from '../reference.ts';
import { readBodyOnce, readSmallBody } from './body.ts';
import { listNames } from './pages.ts';
import { type ClientOptions, openRepository } from './repository.ts';
import { withRetry } from './retry.ts';
import { fetchSignatures } from './signatures.ts';
import type { Answer } from './transport.ts';

/** A manifest that a digest names is verified. Without a tag it is "latest". */
export interface RegistryClient extends ImageSource {
  /** "localhost:5000", as a user knows it. */
  readonly registry: string;
  readonly repository: string;
  /** The digest that a tag has now, without fetching; undefined when the registry doesn't tell. */
  currentDigest(tag: string): Promise<string | undefined>;
  /** All tags of the repository, as the registry orders them. */
  tags(): AsyncGenerator<string>;
}

const MANIFEST_LIMIT = 4 << 20;
/** Tags that are asked for at once. */
const PAGE = 1000;

export function openRegistry(options: ClientOptions): RegistryClient {
  const remote = openRepository(options, 'pull');
  const { registry, path: repository, retry, signal, idleTimeout, expect, failure: fail } = remote;

  const accept = { accept: ACCEPTED_MANIFESTS.join(', ') };

  async function manifest(tagOrDigest = 'latest'): Promise<SourceManifest> {
    const doing = `fetch the manifest ${shortened(tagOrDigest)} of`;
    return withRetry(retry, signal, async () => {
      const answer = await remote.send('GET', await remote.url(`manifests/${tagOrDigest}`), {
        headers: accept,
      });
      await expect(answer, [200], doing);
      const bytes = await readSmallBody(answer, idleTimeout, MANIFEST_LIMIT, 'the manifest');
      const wanted = isDigest(tagOrDigest) ? tagOrDigest : announcedDigest(answer);
      const digest = digestOf(bytes, wanted === undefined ? 'sha256' : parseDigest(wanted, doing).algorithm);
      if (wanted !== undefined && wanted !== digest) {
        throw fail(doing, `its digest is ${shortened(digest)}, not ${shortened(wanted)}`);
      }
      const mediaType = (answer.headers['content-type'] ?? '').split(';')[0]!.trim().toLowerCase();
      return { bytes, mediaType: printable(mediaType, 255), digest };
    });
  }

  async function currentDigest(tag: string): Promise<string | undefined> {
    return withRetry(retry, signal, async () => {
      const answer = await remote.send('HEAD', await remote.url(`manifests/${tag}`), { headers: accept });
      await expect(answer, [200], `look up the manifest ${shortened(tag)} of`);
      answer.body.resume();
      return announcedDigest(answer);
    });
  }

  async function* tags(): AsyncGenerator<string> {
    const get = (url: URL): Promise<Answer> =>
      withRetry(retry, signal, async () => {
        const answer = await remote.send('GET', url);
        await expect(answer, [200], 'list the tags of');
        return answer;
      });
    const url = await remote.url(`tags/list?n=${PAGE}`);
    yield* listNames({ url, member: 'tags', idleTimeout, get });
  }

  async function openBlob(digest: string, from: number, signal?: AbortSignal): Promise<BlobBody> {
    const doing = `fetch the blob ${shortened(digest)} of`;
    const range: Record<string, string> = from === 0 ? {} : { range: `bytes=${from}-` };
    const headers = { 'accept-encoding': 'identity', ...range };
    const answer = await remote.send('GET', await remote.url(`blobs/${digest}`), { headers, signal });
    const chunks = (): BlobBody['chunks'] => readBodyOnce(answer, idleTimeout);
    if (answer.status === 416 && from > 0) {
      answer.body.destroy();
      return openBlob(digest, 0, signal);
    }
    await expect(answer, [200, 206], doing);
    if (answer.status === 200) return { from: 0, chunks: chunks() };
    const start = /^bytes (\d{1,15})-/.exec(answer.headers['content-range'] ?? '')?.[1];
    if (start === undefined || Number(start) > from) {
      answer.body.destroy();
      throw fail(doing, 'it sent another range than was asked for');
    }
    return { from: Number(start), chunks: chunks() };
  }

  async function smallBlob(digest: string, size: number, limit: number): Promise<Buffer> {
    const doing = `fetch the blob ${shortened(digest)} of`;
    if (size > limit) throw fail(doing, `it is larger than ${limit / (1 << 20)} MiB`);
    return withRetry(retry, signal, async () => {
      const answer = await remote.send('GET', await remote.url(`blobs/${digest}`));
      await expect(answer, [200], doing);
      const bytes = await readSmallBody(answer, idleTimeout, limit, 'the blob');
      if (bytes.length !== size)
        throw fail(doing, `it has ${bytes.length} bytes, not ${size}`, bytes.length < size);
      const found = digestOf(bytes, parseDigest(digest, doing).algorithm);
      if (found !== digest) throw fail(doing, `its digest is ${shortened(found)}`);
      return bytes;
    });
  }

  return {
    transport: 'docker',
    description: `${registry}/${repository}`,
    registry,
    repository,
    retry,
    manifest,
    currentDigest,
    tags,
    smallBlob,
    openBlob,
    signatures: (digest) => fetchSignatures(digest, remote, { manifest, smallBlob }, options),
  };
}

function announcedDigest(answer: Answer): string | undefined {
  const header = answer.headers['docker-content-digest'];
  return typeof header === 'string' && isDigest(header) ? header : undefined;
}

export function shortened(tagOrDigest: string): string {
  return isDigest(tagOrDigest) ? tagOrDigest.slice(0, tagOrDigest.indexOf(':') + 13) : tagOrDigest;
}
