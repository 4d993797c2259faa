/** The images of a place that isn't a registry. */

import { statSync } from 'node:fs';
import { callReason, errnoOf, PodError } from '../../error.ts';
import type { TransportReference } from '../../reference.ts';
import { openArchive, type ReadOptions } from '../archive/archive-file.ts';
import { type ArchiveInput, describeInput, isAddress } from '../archive/archive-input.ts';
import { archiveTree } from '../archive/archive-tree.ts';
import { directoryTree } from '../archive/directory-tree.ts';
import type { FileTree } from '../archive/file-tree.ts';
import type { PullOptions } from '../pull/pull-options.ts';
import { storedImage } from './containers-storage.ts';
import { directoryImage } from './directory.ts';
import { dockerArchiveImages, isDockerArchive } from './docker-archive.ts';
import type { FoundImage } from './found-image.ts';
import { isLayout, layoutImages } from './layout.ts';

export interface OpenedImages {
  readonly images: readonly FoundImage[];
  /** Closes what the images' sources read from. */
  close(): Promise<void>;
}

/** Everything that `load` takes: archives of Docker and of OCI; of directories those of `oci:` and `dir:`. */
export async function openAnyArchive(input: ArchiveInput, options: ReadOptions): Promise<OpenedImages> {
  if (typeof input === 'string' && !isAddress(input) && isDirectory(input)) {
    const tree = directoryTree(input);
    if (isLayout(tree)) return opened(tree, () => layoutImages(tree, 'oci', input));
    if (isDockerArchive(tree)) return opened(tree, async () => [directoryImage(tree, input)]);
    throw new PodError({
      code: 'invalid',
      message: `cannot load ${input}`,
      why: 'the directory is no image: it has neither index.json nor manifest.json',
    });
  }
  const tree = await archiveTree(await openArchive(input, options));
  return opened(tree, () => archiveImages(tree, describeInput(input), undefined));
}

/** What a reference names: one image, or all of an archive of Docker where it names none. */
export async function openReference(
  reference: TransportReference,
  options: ReadOptions & { readonly namespace: PullOptions['namespace'] },
): Promise<OpenedImages> {
  const { transport, path, selector } = reference;
  if (transport === 'oci' || transport === 'dir') {
    if (!isDirectory(path)) throw noPlace(transport, path, 'it is no directory');
    const tree = directoryTree(path);
    if (transport === 'dir') return opened(tree, async () => [directoryImage(tree, path)]);
    return opened(tree, async () =>
      one(await layoutImages(tree, transport, path, selector), transport, path),
    );
  }
  if (transport === 'containers-storage') {
    const image = await storedImage(reference, options.env, options.namespace);
    return { images: [image], close: async () => {} };
  }
  if (isDirectory(path)) throw noPlace(transport, path, 'it is a directory');
  const tree = await archiveTree(await openArchive(path, options));
  if (transport === 'docker-archive') return opened(tree, () => archiveImages(tree, path, selector));
  return opened(tree, async () => {
    if (!isLayout(tree)) throw noPlace(transport, path, 'it has no index.json');
    return one(await layoutImages(tree, transport, path, selector), transport, path);
  });
}

/** Docker's archives since version 25 are layouts, too: these keep the manifest. */
async function archiveImages(
  tree: FileTree,
  path: string,
  selector: string | undefined,
): Promise<FoundImage[]> {
  if (isLayout(tree) && !selector?.startsWith('@')) {
    const transport = isDockerArchive(tree) ? 'docker-archive' : 'oci-archive';
    return layoutImages(tree, transport, path, selector);
  }
  if (isDockerArchive(tree)) return dockerArchiveImages(tree, path, selector);
  const old = tree.size('repositories') !== undefined;
  throw new PodError({
    code: old ? 'unsupported' : 'invalid',
    message: `cannot load ${path}`,
    why: old
      ? 'it was written by a Docker older than 1.10, of 2016'
      : 'it is no image: it has neither index.json nor manifest.json',
    ...(!old && {
      hint: `tsc-pod import ${path === 'standard input' ? '-' : path}   # makes an image of a file tree`,
    }),
  });
}

function one(images: FoundImage[], transport: string, path: string): FoundImage[] {
  if (images.length === 1) return images;
  const names = images.flatMap((image) => image.names);
  throw new PodError({
    code: images.length === 0 ? 'not-found' : 'conflict',
    message: `cannot tell which image of ${transport}:${path} is meant`,
    why: images.length === 0 ? 'it has none' : `it has ${images.length}`,
    ...(images.length > 0 && {
      hint: `${transport}:${path}:TAG${names.length > 0 ? ` of ${names.join(', ')}` : ''}`,
    }),
  });
}

async function opened(tree: FileTree, find: () => Promise<FoundImage[]>): Promise<OpenedImages> {
  try {
    return { images: await find(), close: () => tree.close() };
  } catch (error) {
    await tree.close();
    throw error;
  }
}

function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch (error) {
    const missing = errnoOf(error) === 'ENOENT';
    throw new PodError({
      code: missing ? 'not-found' : 'denied',
      message: missing ? `no such file: ${path}` : `cannot read ${path}`,
      ...(!missing && { why: callReason(error) }),
      cause: error,
    });
  }
}

function noPlace(transport: string, path: string, why: string): PodError {
  return new PodError({ code: 'invalid', message: `cannot use ${transport}:${path}`, why });
}
