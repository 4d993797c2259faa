/** Who owns copies, and what else of a file goes along: docker-container-cp(1), --archive. */

import type { IdMaps } from '../../../rootless/id-map.ts';
import { type IdRange, toContainer, toHost } from '../../../rootless/id-range.ts';
import type { TarEntry } from '../../archive/tar-entry.ts';

export type ChangeEntry = <T extends TarEntry>(entry: T) => T;

const NOBODY = 65534;
const SET_ID_BITS = 0o6000;
/** Capabilities and access lists name ids and powers of the side that they come from. */
const PLAIN = /^user\./;

function move(id: number, from: IdRange[], to: IdRange[]): number {
  const host = toHost(id, from);
  return (host === undefined ? undefined : toContainer(host, to)) ?? NOBODY;
}

const plainAttributes = (xattrs: TarEntry['xattrs']): TarEntry['xattrs'] =>
  xattrs.size === 0 ? xattrs : new Map([...xattrs].filter(([name]) => PLAIN.test(name)));

/** All belongs to one owner: root in a container, the user here. */
export function ownedBy(uid: number, gid: number): ChangeEntry {
  return (entry) => ({ ...entry, uid, gid, xattrs: plainAttributes(entry.xattrs) });
}

/** Owners as they are, for a side with other ids: who isn't known there is nobody. */
export function ownersMoved(from: IdMaps, to: IdMaps): ChangeEntry {
  return (entry) => ({
    ...entry,
    uid: move(entry.uid, from.uid, to.uid),
    gid: move(entry.gid, from.gid, to.gid),
  });
}

/**
 * For files that come out of a container: a set-user-ID program of its root would be this user's own here, for
 * everybody on the machine who can reach it.
 */
export const withoutSetId: ChangeEntry = (entry) =>
  entry.type === 'directory' ? entry : { ...entry, mode: entry.mode & ~SET_ID_BITS };
