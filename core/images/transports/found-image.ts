import { canonicalName, parseImageReference, withRepository } from '../../reference.ts';
import type { ImageSource } from '../pull/source.ts';

/** An image of an archive or a directory. */
export interface FoundImage {
  /** Canonical names; none where what holds it doesn't tell. */
  readonly names: readonly string[];
  /** Stands for this image alone. */
  readonly source: ImageSource;
}

/** The name of the index of a layout: without a registry it is of this machine, as podman has it. */
export function localName(text: string): string | undefined {
  const reference = parsed(text);
  if (!reference) return undefined;
  const { shortName } = reference;
  return canonicalName(
    shortName === undefined ? reference : withRepository(reference, `localhost/${shortName}`),
  );
}

/** A name that Docker wrote: without a registry it is of docker.io. */
export function dockerName(text: string): string | undefined {
  const reference = parsed(text);
  return reference && canonicalName(reference);
}

/**
 * A name that an archive gives: one with a digest counts where that is the image's own. Else whoever asks for what has
 * this digest would be given another image.
 */
export function claimedName(name: string | undefined, digest?: string): string | undefined {
  const pinned = name?.split('@')[1];
  return pinned === undefined || pinned === digest ? name : undefined;
}

/** What is no name names nothing: anybody may have written it. */
function parsed(text: string): ReturnType<typeof parseImageReference> | undefined {
  try {
    return parseImageReference(text);
  } catch {
    return undefined;
  }
}
