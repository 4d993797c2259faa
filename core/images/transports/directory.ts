/** skopeo's `dir:` (containers-transports(5)): manifest.json and blobs, named by the hex digits of their digests. */

import { type FileTree, readSmallFile } from '../archive/file-tree.ts';
import { parseDigest } from '../digest.ts';
import { type FoundImage, localName } from './found-image.ts';
import { MANIFEST_LIMIT, treeSource } from './tree-source.ts';

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
  const name = localName(path.replace(/^\/+|\/+$/g, ''));
  return { names: name === undefined ? [] : [name], source };
}
