/** skopeo's `dir:` (containers-transports(5)): manifest.json and blobs, named by the hex digits of their digests. */

import type { ImageSignatures } from '../../registry/signatures.ts';
import { type FileTree, readSmallFile } from '../archive/file-tree.ts';
import { parseDigest } from '../format/digest.ts';
import { claimedName, type FoundImage, localName } from './found-image.ts';
import { MANIFEST_LIMIT, treeSource } from './tree-source.ts';

const MOST_SIGNATURES = 128;

export function directoryImage(tree: FileTree, path: string): FoundImage {
  const what = `dir:${path}`;
  const source = treeSource({
    tree,
    transport: 'dir',
    description: what,
    manifest: async () => ({
      bytes: await readSmallFile(tree, 'manifest.json', MANIFEST_LIMIT, what),
      mediaType: '',
    }),
    pathOf: (digest) => {
      const { hex } = parseDigest(digest, `a blob of ${what}`);
      // The manifests of a list (skopeo copy --all).
      return tree.size(`${hex}.manifest.json`) === undefined ? hex : `${hex}.manifest.json`;
    },
  });
  /** containers/image numbers them from 1 on; those of a list's manifests have their digests in front. */
  const signatures = async (digest: string): Promise<ImageSignatures> => {
    const { hex } = parseDigest(digest, `a manifest of ${what}`);
    const simple: Buffer[] = [];
    for (const prefix of [`${hex}.signature-`, 'signature-']) {
      for (let index = 1; index <= MOST_SIGNATURES; index++) {
        if (tree.size(prefix + index) === undefined) break;
        simple.push(await readSmallFile(tree, prefix + index, MANIFEST_LIMIT, what));
      }
    }
    return { simple, sigstore: [] };
  };
  const name = claimedName(localName(path.replace(/^\/+|\/+$/g, '')));
  return { names: name === undefined ? [] : [name], source: { ...source, signatures } };
}
