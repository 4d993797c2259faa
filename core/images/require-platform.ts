import { PodError } from '../error.ts';
import type { Paths } from '../paths.ts';
import { formatPlatform, type Platform, platformMatches } from '../platform.ts';
import { printable } from '../reference.ts';
import { isList } from './entry.ts';
import { findEntry, resolveImage } from './find.ts';
import type { ImageRecord } from './format/types.ts';
import { readIndex } from './layout.ts';

/** Refuses an image of another platform than was asked for, if one was. `verb`: what can't be done then. */
export function requirePlatform(
  image: Pick<ImageRecord, 'platform'>,
  platform: Platform | undefined,
  verb: string,
  text: string,
): void {
  if (platform === undefined || platformMatches(image.platform, platform)) return;
  throw new PodError({
    code: 'not-found',
    message: `cannot ${verb} ${printable(text)} for ${formatPlatform(platform)}`,
    why: `it is for ${printable(formatPlatform(image.platform))}`,
  });
}

/** For `rmi --platform`. What isn't there at all is for the removal to tell. */
export function refuseOther(paths: Pick<Paths, 'images'>, text: string, platform: Platform): void {
  const entry = findEntry(paths, readIndex(paths), text);
  if (entry === undefined) return;
  if (isList(entry))
    throw new PodError({
      code: 'unsupported',
      message: `cannot remove a part of ${printable(text)}`,
      why: 'it is a list of images',
      hint: `tsc-pod manifest remove ${printable(text)} DIGEST`,
    });
  const image = resolveImage(paths, text, platform);
  if (image) requirePlatform(image, platform, 'remove', text);
}
