/**
 * Owners under a map that isn't the default one. Layers are stored once, owned by the default map; these tables make
 * what image id n owns look owned by container id n under any map.
 */

import type { IdMaps } from './id-map.ts';
import { sameMaps } from './id-map-modes.ts';
import { compose, type IdRange, inverse, toContainer } from './id-range.ts';

export interface OwnerShift {
  /** No translation is needed. */
  identity: boolean;
  /**
   * Values for fuse-overlayfs' `uidmapping=` and `gidmapping=`, for a fuse-overlayfs that runs *in the container's*
   * user namespace: `SEEN:WANTED:SIZE`, joined by colons.
   */
  uidmapping: string;
  gidmapping: string;
  /**
   * The container's user namespace can reach the user's own files: false for maps without the user's own ids (nomap,
   * auto), where a program in that namespace can't open the layers.
   */
  reachesUser: boolean;
  /** For copies made *in the default map's* namespace: id found -> id to chown to. */
  chown: { uid: IdRange[]; gid: IdRange[] };
}

export function ownerShift(defaults: IdMaps, maps: IdMaps): OwnerShift {
  return {
    identity: sameMaps(defaults, maps),
    uidmapping: fuseMapping(defaults.uid, maps.uid),
    gidmapping: fuseMapping(defaults.gid, maps.gid),
    reachesUser: reachesUser(defaults, maps),
    chown: { uid: compose(maps.uid, inverse(defaults.uid)), gid: compose(maps.gid, inverse(defaults.gid)) },
  };
}

/** Image id -> host id (default map) -> what the container's namespace calls it. */
function fuseMapping(defaults: IdRange[], container: IdRange[]): string {
  return compose(defaults, inverse(container))
    .map((range) => `${range.host}:${range.container}:${range.size}`)
    .join(':');
}

/** Whether the user's own ids, the first of the default map, are in `maps`. */
export function reachesUser(defaults: IdMaps, maps: IdMaps): boolean {
  return reaches(defaults.uid, maps.uid) && reaches(defaults.gid, maps.gid);
}

function reaches(defaults: IdRange[], container: IdRange[]): boolean {
  const own = defaults[0]?.host;
  return own !== undefined && toContainer(own, container) !== undefined;
}
