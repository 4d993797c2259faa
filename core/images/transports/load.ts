/** Getting all images of an archive or a directory into the store, by the path that a pull takes. */

import type { Environment } from '../../config/read-config.ts';
import type { Platform } from '../../platform.ts';
import type { TransportReference } from '../../reference.ts';
import type { ArchiveInput } from '../archive/archive-input.ts';
import { emitImageEvent } from '../events.ts';
import type { ImageRecord } from '../format/types.ts';
import type { StorePaths } from '../layout.ts';
import { fetchImage } from '../pull/fetch-image.ts';
import type { PullOptions } from '../pull/pull-options.ts';
import { type OpenedImages, openAnyArchive, openReference } from './open.ts';

export interface LoadOptions
  extends Pick<PullOptions, 'namespace' | 'nameless' | 'onProgress' | 'onNotice' | 'signal'> {
  readonly paths: StorePaths;
  readonly env: Environment;
  readonly platform?: Platform | undefined;
  /** Whether an image may have this canonical name; it is loaded without those that it may not. */
  readonly isAsked?: (name: string) => boolean;
}

export interface LoadedImage {
  /** The names that it was given here; none for an image that the archive doesn't name. */
  readonly names: readonly string[];
  readonly image: ImageRecord;
}

/** `load`: every image of an archive, in its order, as each is complete. */
export async function* loadImages(
  input: ArchiveInput,
  options: LoadOptions,
): AsyncGenerator<LoadedImage, void, undefined> {
  yield* fetchAll(await openAnyArchive(input, options), options, 'load');
}

/** `pull oci:DIR`, `run docker-archive:FILE`: the image that the reference names; the first one's record. */
export async function fetchReference(
  reference: TransportReference,
  options: LoadOptions,
): Promise<ImageRecord> {
  let first: ImageRecord | undefined;
  for await (const { image } of fetchAll(await openReference(reference, options), options, 'pull'))
    first ??= image;
  return first!;
}

async function* fetchAll(
  opened: OpenedImages,
  options: LoadOptions,
  event: 'load' | 'pull',
): AsyncGenerator<LoadedImage, void, undefined> {
  try {
    for (const { names: given, source } of opened.images) {
      const names = options.isAsked ? given.filter(options.isAsked) : given;
      let image: ImageRecord | undefined;
      for (const name of names.length > 0 ? names : [undefined]) {
        const what = `image ${name ?? source.description}`;
        image = await fetchImage(source, { tagOrDigest: undefined, name, what }, options);
      }
      if (event === 'load') emitImageEvent(options.paths, 'load', image!.id, names[0]);
      else emitImageEvent(options.paths, 'pull', names[0] ?? image!.id);
      yield { names, image: image! };
    }
  } finally {
    await opened.close();
  }
}
