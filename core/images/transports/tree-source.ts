/** An ImageSource over a tree of files: every transport but the registry is one. */

import { createHash } from 'node:crypto';
import { PodError } from '../../error.ts';
import { type FileTree, readSmallFile } from '../archive/file-tree.ts';
import { digestOf, parseDigest } from '../format/digest.ts';
import type { ImageSource, SourceManifest, TransportName } from '../pull/source.ts';

export interface TreeSourceParts {
  readonly tree: FileTree;
  readonly transport: TransportName;
  /** For messages: "oci-archive:/tmp/x.tar". */
  readonly description: string;
  /** The manifest or index that this source stands for. */
  readonly manifest: () => Promise<{ bytes: Buffer; mediaType: string }>;
  /** Where the tree has a blob or a manifest by its digest. */
  readonly pathOf: (digest: string) => string | undefined;
}

export const MANIFEST_LIMIT = 4 << 20;
/** What can't be read from a disk won't be read a second time. */
const ONCE = { tries: 1, base: 0, longest: 0 };

export function treeSource(parts: TreeSourceParts): ImageSource {
  const { tree, transport, description } = parts;

  function locate(digest: string): string {
    const path = parts.pathOf(digest);
    if (path !== undefined && tree.size(path) !== undefined) return path;
    throw new PodError({
      code: 'invalid',
      message: `cannot read the blob ${digest.slice(0, 19)} of ${description}`,
      why: 'it is not there',
    });
  }

  async function verified(digest: string, limit: number): Promise<Buffer> {
    const bytes = await readSmallFile(tree, locate(digest), limit, description);
    const found = digestOf(bytes, parseDigest(digest, 'a blob').algorithm);
    if (found === digest) return bytes;
    throw new PodError({
      code: 'invalid',
      message: `cannot read the blob ${digest.slice(0, 19)} of ${description}`,
      why: `its content has the digest ${found.slice(0, 19)}`,
    });
  }

  return {
    transport,
    description,
    retry: ONCE,
    async manifest(digest): Promise<SourceManifest> {
      if (digest !== undefined)
        return { bytes: await verified(digest, MANIFEST_LIMIT), mediaType: '', digest };
      const { bytes, mediaType } = await parts.manifest();
      return { bytes, mediaType, digest: digestOf(bytes) };
    },
    async smallBlob(digest, size, limit) {
      const bytes = await verified(digest, limit);
      if (bytes.length === size) return bytes;
      throw new PodError({
        code: 'invalid',
        message: `cannot read the blob ${digest.slice(0, 19)} of ${description}`,
        why: `it has ${bytes.length} bytes, not ${size}`,
      });
    },
    openBlob: async (digest, from) => ({ from, chunks: tree.read(locate(digest), from) }),
  };
}

/** Digest of a file of any size. */
export async function digestOfFile(tree: FileTree, path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of tree.read(path)) hash.update(chunk);
  return `sha256:${hash.digest('hex')}`;
}
