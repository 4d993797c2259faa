import { readRecord } from '../../core/images/entry.ts';
import type { StoredImage } from '../../core/images/list.ts';
import type { Paths } from '../../core/paths.ts';
import { familiarImage } from '../familiar-image.ts';

/** One line of a listing: an image under one of its names. */
export interface NamedImage {
  image: StoredImage;
  /** Canonical; undefined for what has none. */
  name: string | undefined;
  /** As people say it; `<none>` for what has no name. */
  repository: string;
  tag: string;
}

const NONE = '<none>';

/** One line for each name, as docker has it. */
export function namedImages(image: StoredImage): NamedImage[] {
  const names = image.names.length === 0 ? [undefined] : image.names;
  return names.map((name) => ({ image, name, ...splitName(name) }));
}

/** A canonical name as the repository and tag that, joined by a colon, name it: `docker.io/library/alpine:3` is alpine and 3. */
export function splitName(name: string | undefined): { repository: string; tag: string } {
  if (name === undefined) return { repository: NONE, tag: NONE };
  const familiar = familiarImage(name);
  const [bare = familiar] = familiar.split('@');
  const colon = bare.lastIndexOf(':');
  return colon > bare.lastIndexOf('/')
    ? { repository: bare.slice(0, colon), tag: bare.slice(colon + 1) }
    : { repository: bare, tag: NONE };
}

/** What the index doesn't have: the config is read. A list has none. */
export function labelsOf(paths: Paths, { kind, entry }: StoredImage): Record<string, string> {
  return (kind === 'image' && readRecord(paths, entry, []).config.config?.Labels) || {};
}
