import { readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { type Located, locateInLayers } from './locate-in-layers.ts';
import { attempt, BYTES_MAX, walkPath } from './walk-path.ts';

/** Where `path` (no links in it but perhaps its last part) is: the topmost layer that has it. */
const locate = (layers: readonly string[], path: string): Located | undefined =>
  attempt(() => locateInLayers(layers, Buffer.from(path.replace(/^\/+/, '')).toString('latin1')));

/**
 * The text of a file in a stack of directories (the topmost first) as their overlay would show it; undefined when
 * there is none. Links are followed within the stack, never out of it.
 */
export function readLayeredFile(layers: readonly string[], path: string): string | undefined {
  let at = '/';
  let last: Located | undefined;
  const goTo = (place: string, found?: Located): void => {
    at = place;
    last = found;
  };
  const isThere = walkPath(path, {
    enter(step) {
      const found = locate(layers, join(at, step));
      if (found?.about.isSymbolicLink()) return { link: readlinkSync(found.file) };
      if (!found) return undefined;
      goTo(join(at, step), found);
      return 'entered';
    },
    leave: () => goTo(join(at, '..')),
    restart: () => goTo('/'),
  });
  const found = isThere ? (last as Located | undefined) : undefined;
  if (!found?.about.isFile() || found.about.size > BYTES_MAX) return undefined;
  return attempt(() => readFileSync(found.file, 'utf8'));
}

/** Where a path leads in such a stack. */
export interface LayeredPlace {
  /** Absolute, without links; what isn't there is taken as it is written. */
  path: string;
  kind: 'directory' | 'other' | 'missing';
}

/** Where `path` leads, links followed within the stack; undefined: in circles. */
export function resolveLayered(layers: readonly string[], path: string): LayeredPlace | undefined {
  let at = '/';
  const isThere = walkPath(path, {
    enter(step) {
      const found = locate(layers, join(at, step));
      if (found?.about.isSymbolicLink()) return { link: readlinkSync(found.file) };
      at = join(at, step);
      return 'entered';
    },
    leave: () => {
      at = join(at, '..');
    },
    restart: () => {
      at = '/';
    },
  });
  if (!isThere) return undefined;
  const about = at === '/' ? undefined : locate(layers, at)?.about;
  const kind = at === '/' || about?.isDirectory() ? 'directory' : about ? 'other' : 'missing';
  return { path: at, kind };
}
