/** A repository of a registry as the place where an image is sent. */

import type { ImageReference } from '../../reference.ts';
import { shortened } from '../../registry/client.ts';
import { RegistryError } from '../../registry/error.ts';
import type { Repository } from '../../registry/repository.ts';
import { withRetry } from '../../registry/retry.ts';
import { cancelUpload, hasRemoteBlob, mountBlob, uploadBlob } from '../../registry/upload.ts';
import { digestOf, parseDigest } from '../format/digest.ts';
import type { Descriptor } from '../format/types.ts';
import type { BlobHint, ImageDestination, Presence } from './destination.ts';

/** Blobs at a time. */
const AT_ONCE = 5;
/** Repositories that are asked for a blob before it is sent. */
const MOST_MOUNTS = 2;

/** `reference`: the name in this registry, with the tag or digest under which the manifest is put. */
export function registryDestination(repository: Repository, reference: ImageReference): ImageDestination {
  const { registry, path, retry, signal } = repository;
  const name = reference.digest ?? reference.tag ?? 'latest';
  /** Uploads that a mount which wasn't possible has begun. */
  const begun = new Map<string, URL>();

  async function hasBlob({ digest }: Descriptor, hint?: BlobHint): Promise<Presence | undefined> {
    if (await hasRemoteBlob(repository, digest)) return { kind: 'exists' };
    const others = (hint?.repositories() ?? [])
      .filter((full) => full.startsWith(`${registry}/`))
      .map((full) => full.slice(registry.length + 1))
      .filter((other) => other !== path);
    for (const from of others.slice(0, MOST_MOUNTS)) {
      const mounted = await mounts(digest, from);
      if (mounted) return { kind: 'mounted', from };
    }
    return undefined;
  }

  async function mounts(digest: string, from: string): Promise<boolean> {
    try {
      const location = await mountBlob(repository, digest, from);
      if (location === true) return true;
      const before = begun.get(digest);
      begun.set(digest, location);
      if (before !== undefined) await cancelUpload(repository, before);
    } catch (error) {
      // Who may not pull from there, or whose registry doesn't know how to mount, sends the blob.
      if (!(error instanceof RegistryError) || error.status === undefined) throw error;
    }
    return false;
  }

  async function putManifest(bytes: Uint8Array, mediaType: string, digest?: string): Promise<void> {
    const under = digest ?? name;
    const doing = `push the manifest ${shortened(under)} to`;
    await withRetry(retry, signal, async () => {
      const url = await repository.url(`manifests/${under}`);
      const headers = { 'content-type': mediaType };
      const answer = await repository.send('PUT', url, { headers, body: Buffer.from(bytes) });
      await repository.expect(answer, [200, 201, 202, 204], doing);
      answer.body.resume();
      const kept = answer.headers['docker-content-digest'];
      if (typeof kept !== 'string') return;
      const { algorithm } = parseDigest(kept, 'the answer');
      if (kept !== digestOf(bytes, algorithm))
        throw repository.failure(doing, `it keeps another manifest: ${shortened(kept)}`);
    });
  }

  return {
    description: `${registry}/${path}${reference.digest ? '@' : ':'}${name}`,
    atOnce: AT_ONCE,
    compresses: true,
    hasBlob,
    async putBlob(blob, content, options) {
      const location = begun.get(blob.digest);
      begun.delete(blob.digest);
      await uploadBlob(repository, blob, content, { ...options, begun: location });
    },
    putManifest,
    async commit() {},
    async close() {
      await Promise.all([...begun.values()].map((location) => cancelUpload(repository, location)));
    },
  };
}
