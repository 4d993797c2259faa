/** Which image was made from which: nobody writes that down, but layers and history tell it. */

import { isDeepStrictEqual } from 'node:util';
import type { Paths } from '../paths.ts';
import { isList, nameOf, readManifestOf } from './entry.ts';
import { parseImageConfig } from './format/image-config.ts';
import type { Descriptor, ImageConfig } from './format/types.ts';
import { readBlob } from './layout.ts';

type Images = Pick<Paths, 'images'>;

/** Whether `child` was made from `parent`: all that `parent` has, and more steps. */
export function isParent(parent: ImageConfig, child: ImageConfig): boolean {
  const before = parent.history ?? [];
  const after = child.history ?? [];
  const { diff_ids: below } = parent.rootfs;
  return (
    before.length > 0 &&
    before.length < after.length &&
    below.length <= child.rootfs.diff_ids.length &&
    below.every((diffId, at) => diffId === child.rootfs.diff_ids[at]) &&
    isDeepStrictEqual(before, after.slice(0, before.length))
  );
}

/** Reads each config once; undefined for a list, and for what can't be read. */
function configReader(paths: Images): (entry: Descriptor) => ImageConfig | undefined {
  const known = new Map<string, ImageConfig | undefined>();
  const read = (entry: Descriptor): ImageConfig | undefined => {
    try {
      const { digest } = readManifestOf(paths, entry).manifest.config;
      return parseImageConfig(readBlob(paths, digest), digest);
    } catch {
      return undefined;
    }
  };
  return (entry) => {
    if (isList(entry)) return undefined;
    if (!known.has(entry.digest)) known.set(entry.digest, read(entry));
    return known.get(entry.digest);
  };
}

/** Of the entries without a name, those that another image was made from: steps of a build, say. */
export function intermediate(paths: Images, entries: readonly Descriptor[]): Set<Descriptor> {
  const nameless = entries.filter((entry) => nameOf(entry) === undefined && !isList(entry));
  if (nameless.length === 0) return new Set();
  const configOf = configReader(paths);
  const hasChild = (parent: ImageConfig) =>
    entries.some((entry) => {
      const config = configOf(entry);
      return config !== undefined && isParent(parent, config);
    });
  return new Set(
    nameless.filter((entry) => {
      const config = configOf(entry);
      return config !== undefined && hasChild(config);
    }),
  );
}

/**
 * The nameless images that `gone` was made from and nothing else was, of those that stay; the nearest first.
 * `keeps`: what must not go for other reasons ends the line.
 */
export function danglingParents(
  paths: Images,
  gone: Descriptor,
  stays: readonly Descriptor[],
  keeps: (entry: Descriptor) => boolean,
): Descriptor[] {
  if (!stays.some((entry) => nameOf(entry) === undefined && !isList(entry))) return [];
  const configOf = configReader(paths);
  const child = configOf(gone);
  const steps = (entry: Descriptor) => configOf(entry)?.history?.length ?? 0;
  const found: Descriptor[] = [];
  if (child === undefined) return found;
  const parents = stays
    .filter((entry) => {
      const config = configOf(entry);
      return config !== undefined && isParent(config, child);
    })
    .sort((a, b) => steps(b) - steps(a));
  for (const parent of parents) {
    const needed = stays.some((entry) => {
      const config = found.includes(entry) ? undefined : configOf(entry);
      return config !== undefined && isParent(configOf(parent)!, config);
    });
    if (nameOf(parent) !== undefined || needed || keeps(parent)) break;
    found.push(parent);
  }
  return found;
}

/** The image that another was made from, of those there are; the one with the most steps. */
export function parentOf(
  paths: Images,
  child: ImageConfig,
  entries: readonly Descriptor[],
): { entry: Descriptor; config: ImageConfig } | undefined {
  const configOf = configReader(paths);
  let best: { entry: Descriptor; config: ImageConfig } | undefined;
  for (const entry of entries) {
    const config = configOf(entry);
    if (config === undefined || !isParent(config, child)) continue;
    if (best === undefined || isParent(best.config, config)) best = { entry, config };
  }
  return best;
}
