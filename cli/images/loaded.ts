import type { LoadedImage } from '../../core/images/transports/load.ts';
import { familiarImage } from '../familiar-image.ts';

/** What `load` says of an image, docker's words: a line for each name, or its id. */
export function loadedLines({ names, image }: LoadedImage): string[] {
  if (names.length === 0) return [`Loaded image ID: sha256:${image.id}`];
  return names.map((name) => `Loaded image: ${familiarImage(name)}`);
}
