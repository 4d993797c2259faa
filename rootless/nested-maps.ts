import { PodError } from '../core/error.ts';
import type { IdMaps } from './id-map.ts';
import { type IdRange, totalSize } from './id-range.ts';

type Ranges = Pick<IdMaps, 'uid' | 'gid'>;

/** `inner` with its host ids as ids of a namespace that has the map `outer`. */
function nest(inner: readonly IdRange[], outer: readonly IdRange[]): IdRange[] {
  return inner.flatMap((range) =>
    outer.flatMap((other) => {
      const start = Math.max(range.host, other.host);
      const end = Math.min(range.host + range.size, other.host + other.size);
      if (end <= start) return [];
      return [
        {
          container: range.container + (start - range.host),
          host: other.container + (start - other.host),
          size: end - start,
        },
      ];
    }),
  );
}

/**
 * A container's map as user_namespaces(7) wants it where its namespace is made within another, whose map is `outer`.
 * Throws PodError `unsupported` for ids that the other lacks.
 */
export function nestMaps(inner: Ranges, outer: Ranges): Ranges {
  const nested = { uid: nest(inner.uid, outer.uid), gid: nest(inner.gid, outer.gid) };
  for (const kind of ['uid', 'gid'] as const)
    if (totalSize(nested[kind]) !== totalSize(inner[kind]))
      throw new PodError({
        code: 'unsupported',
        message: `cannot use this ${kind} map in a bridge network`,
        why: "it has ids that are not in the user's own map",
        hint: 'use --network slirp4netns, or leave the map out',
      });
  return nested;
}
