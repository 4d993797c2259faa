/** `save`: images of the store as one archive or directory, which load, podman, skopeo and docker read. */

import { PodError } from '../../error.ts';
import type { Paths } from '../../paths.ts';
import type { Platform } from '../../platform.ts';
import { canonicalName, type ImageReference, parseReference, withRepository } from '../../reference.ts';
import { type ArchiveWriter, archiveWriter, wholeName } from '../archive/archive-writer.ts';
import type { TarOutput } from '../archive/tar-output.ts';
import { emitImageEvent } from '../events.ts';
import { noSuchImage, resolveImage } from '../find.ts';
import type { ImageRecord } from '../format/types.ts';
import type { ManifestList } from '../lists/manifest-list.ts';
import { requirePlatform } from '../require-platform.ts';
import { directoryDestination, layoutDestination } from '../transports/directory-destination.ts';
import type { ImageDestination } from './destination.ts';
import { sendList } from './push-list.ts';
import { isWholeList } from './push-target.ts';
import { type SendOptions, sendImage } from './send-image.ts';

export type ArchiveFormat = 'docker-archive' | 'oci-archive';
export type DirectoryFormat = 'oci-dir' | 'docker-dir';

interface NamedImage {
  /** A list with all its images. */
  readonly image: ImageRecord | ManifestList;
  /** Canonical; none for an image that was asked for by its id. */
  readonly names: readonly string[];
}

export interface SaveOptions {
  readonly paths: Paths;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The images that are meant, each once, in the order that they were named; of a list the one for `platform`, this
 * machine's unless told. Throws PodError `not-found`.
 */
export function chooseImages(
  paths: Paths,
  texts: readonly string[],
  platform?: Platform,
): { image: ImageRecord; names: string[] }[] {
  const chosen = new Map<string, { image: ImageRecord; names: string[] }>();
  for (const text of texts) {
    const image = resolveImage(paths, text, platform);
    if (image === undefined) throw noSuchImage(text);
    requirePlatform(image, platform, 'save', text);
    const known = chosen.get(image.digest) ?? { image, names: [] };
    const name = nameFor(text, image);
    if (name !== undefined && !known.names.includes(name)) known.names.push(name);
    chosen.set(image.digest, known);
  }
  return [...chosen.values()];
}

/** Which of the image's names was said. A digest is none: nothing can be loaded under it. */
function nameFor(text: string, { names }: ImageRecord): string | undefined {
  if (names.includes(text)) return text.includes('@') ? undefined : text;
  try {
    const reference = parseReference(text);
    if (reference.kind !== 'registry' || reference.digest !== undefined) return undefined;
    const { shortName } = reference;
    const own = shortName && canonicalName(withRepository(reference, `localhost/${shortName}`));
    return [own, canonicalName(reference)].find((name) => name !== undefined && names.includes(name));
  } catch {
    return undefined; // 64 digits of an id
  }
}

/** Writes the images down `output`, which it finishes, or closes when something fails. */
export async function saveArchive(
  images: readonly NamedImage[],
  format: ArchiveFormat,
  output: TarOutput,
  options: SaveOptions,
): Promise<void> {
  const docker = format === 'docker-archive';
  const writer: ArchiveWriter = archiveWriter(output, { description: format, docker, annotate: wholeName });
  try {
    for (const { image, names } of images)
      await send(image, writer.destination(names.map(withoutBuiltin)), docker ? undefined : 'oci', options);
    await writer.commit();
  } finally {
    await writer.close();
  }
  for (const { image, names } of images) emitImageEvent(options.paths, 'save', image.id, names[0]);
}

/** Writes the images into a directory. `compress`: layers that are stored uncompressed are compressed. */
export async function saveDirectory(
  images: readonly NamedImage[],
  format: DirectoryFormat,
  directory: string,
  options: SaveOptions & Pick<SendOptions, 'compressionFormat'>,
): Promise<void> {
  if (format === 'docker-dir' && images.length > 1)
    throw new PodError({
      code: 'usage',
      message: `cannot save ${images.length} images into ${directory}`,
      why: 'a directory of docker-dir holds one',
    });
  for (const { image, names } of images) {
    const destination =
      format === 'docker-dir'
        ? directoryDestination(directory)
        : layoutDestination(directory, names.map(withoutBuiltin).map(wholeName));
    try {
      await send(image, destination, format === 'docker-dir' ? 'docker' : 'oci', options);
      await destination.commit();
    } finally {
      await destination.close();
    }
    emitImageEvent(options.paths, 'save', image.id, names[0]);
  }
}

async function send(
  image: ImageRecord | ManifestList,
  destination: ImageDestination,
  format: SendOptions['format'],
  options: SaveOptions & Pick<SendOptions, 'compressionFormat'>,
): Promise<void> {
  const sending = { ...options, format };
  if (isWholeList(image)) await sendList(image, destination, { ...sending, all: true, places: elsewhere });
  else await sendImage(image, destination, sending);
}

/** What is saved is in the store, all of it. */
function elsewhere(source: ImageReference): never {
  throw new PodError({ code: 'not-found', message: `${canonicalName(source)} is not in the store` });
}

/** `builtin:busybox` is no name that others could read. */
function withoutBuiltin(name: string): string {
  return name.startsWith('builtin:') ? `localhost/${name.slice('builtin:'.length)}:latest` : name;
}
