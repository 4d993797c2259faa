/** An OCI image layout (image-spec, image-layout.md), in a directory or an archive. */

import { PodError } from '../../error.ts';
import { printable } from '../../reference.ts';
import { type FileTree, readSmallFile } from '../archive/file-tree.ts';
import { parseDigest } from '../format/digest.ts';
import { parseAnyManifest } from '../format/manifest.ts';
import { OCI_INDEX } from '../format/media-types.ts';
import type { Descriptor } from '../format/types.ts';
import { REF_NAME } from '../layout.ts';
import { claimedName, dockerName, type FoundImage, localName } from './found-image.ts';
import { MANIFEST_LIMIT, treeSource } from './tree-source.ts';

/** containerd's annotation of an index entry: its whole name. Docker's archives have the tag alone in REF_NAME. */
export const CONTAINERD_NAME = 'io.containerd.image.name';

export function isLayout(tree: FileTree): boolean {
  return tree.size('oci-layout') !== undefined && tree.size('index.json') !== undefined;
}

/** The images of a layout, each name once. `wanted` is an entry's REF_NAME, a name, or `@` and a digest; all of them when undefined. */
export async function layoutImages(
  tree: FileTree,
  transport: 'oci' | 'oci-archive' | 'docker-archive',
  path: string,
  wanted?: string,
): Promise<FoundImage[]> {
  const what = `${transport}:${path}`;
  const bytes = await readSmallFile(tree, 'index.json', MANIFEST_LIMIT, path);
  const parsed = parseAnyManifest(bytes, OCI_INDEX, what);
  if (parsed.kind !== 'index')
    throw new PodError({ code: 'invalid', message: `cannot use ${what}`, why: 'its index.json is no index' });
  const entries = parsed.index.manifests.filter((entry) => wanted === undefined || isNamed(entry, wanted));
  if (wanted !== undefined && entries.length === 0) {
    const names = parsed.index.manifests.flatMap((entry) => entry.annotations?.[REF_NAME] ?? []);
    throw new PodError({
      code: 'not-found',
      message: `no image ${printable(wanted)} in ${what}`,
      ...(names.length > 0 && { hint: printable(`there is: ${names.join(', ')}`, 200) }),
    });
  }
  const images = new Map<string, FoundImage & { names: string[] }>();
  for (const entry of entries) {
    const known = images.get(entry.digest);
    const name = nameOf(entry);
    if (known && name !== undefined && !known.names.includes(name)) known.names.push(name);
    if (!known)
      images.set(entry.digest, { names: name === undefined ? [] : [name], source: sourceOf(entry) });
  }
  return [...images.values()];

  function sourceOf(entry: Descriptor): FoundImage['source'] {
    const source = treeSource({
      tree,
      transport,
      description: what,
      manifest: async () => ({
        bytes: (await source.manifest(entry.digest)).bytes as Buffer,
        mediaType: entry.mediaType,
      }),
      pathOf: (digest) => {
        const { algorithm, hex } = parseDigest(digest, `a blob of ${what}`);
        return `blobs/${algorithm}/${hex}`;
      },
    });
    return source;
  }
}

function nameOf({ annotations = {}, digest }: Descriptor): string | undefined {
  const whole = annotations[CONTAINERD_NAME];
  if (whole !== undefined) return claimedName(dockerName(whole), digest);
  const name = annotations[REF_NAME];
  return name === undefined ? undefined : claimedName(localName(name), digest);
}

function isNamed(entry: Descriptor, wanted: string): boolean {
  const { [REF_NAME]: tag, [CONTAINERD_NAME]: name } = entry.annotations ?? {};
  if (wanted === `@${entry.digest}`) return true;
  return tag === wanted || name === wanted || (name !== undefined && dockerName(name) === dockerName(wanted));
}
