/**
 * Which ids a container gets: user_namespaces(7), subuid(5), newuidmap(1).
 *
 * The default map of a user: container 0 is the user, 1 and up are the subordinate ranges in the files' order. Layers
 * in the store are owned by this map, whatever map a container runs with.
 */

import { accessSync, constants, readFileSync, statSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { type IdRange, intersect, subtract, totalSize } from './id-range.ts';
import { freeSubIdStart, type SubIds, subIdsFor } from './sub-ids.ts';

export type { IdRange } from './id-range.ts';

export interface IdMaps {
  /** In ascending order of `container`; `host` is an id as this process sees ids. Never overlapping. */
  uid: IdRange[];
  gid: IdRange[];
  /** The programs that write the maps; undefined when they are written directly (one id, or we are root). */
  helpers: { newuidmap: string; newgidmap: string } | undefined;
  /** Only the user's own uid and gid are mapped: chown and su in the container can't work. */
  oneIdOnly: boolean;
  /** Why `oneIdOnly`, as a phrase, and the command that mends it. */
  reason?: string;
  fix?: string;
}

export interface HostUser {
  uid: number;
  gid: number;
  /** The login name; undefined where the user database has none for the uid. */
  name: string | undefined;
}

/** Where the facts come from: tests and nested set-ups give their own. */
export interface IdSources {
  subIds: (user: HostUser) => SubIds;
  /** Absolute path of an executable, or undefined. */
  find: (program: string) => string | undefined;
  /** Text of /proc/self/{uid_map,gid_map,status}. */
  proc: (name: 'uid_map' | 'gid_map' | 'status') => string;
}

const CAP_SETGID = 6n;
const CAP_SETUID = 7n;

/** The user this process acts as. */
export function currentUser(): HostUser {
  let name: string | undefined;
  try {
    name = userInfo().username;
  } catch {
    // No entry in the user database (a container with an arbitrary uid): the id alone still works.
  }
  return { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0, name };
}

/** The default map of `user` on this system; falls back to one id, with the reason, and never throws. */
export function hostIdMap(user: HostUser = currentUser(), sources: IdSources = systemSources()): IdMaps {
  const mapped = {
    uid: parseIdMap(sources.proc('uid_map')),
    gid: parseIdMap(sources.proc('gid_map')),
  };
  const status = sources.proc('status');
  return user.uid === 0 ? rootMap(user, sources, mapped, status) : userMap(user, sources, mapped, status);
}

/** A new user namespace with these maps, for the jobs of an `enter`. */
export function userNamespacePlan(maps: IdMaps): string[][] {
  return [...mapPlan(maps), ['namespace', 'user']];
}

/** Launcher operations that write `maps` into a new user namespace. */
export function mapPlan(maps: IdMaps): string[][] {
  const ops = maps.helpers
    ? [
        ['newuidmap', maps.helpers.newuidmap],
        ['newgidmap', maps.helpers.newgidmap],
      ]
    : [];
  // user_namespaces(7): without CAP_SETGID outside, gid_map can be written only after setgroups is denied.
  if (maps.oneIdOnly && !maps.helpers) ops.push(['setgroups', 'deny']);
  for (const range of maps.uid) ops.push(['uidmap', ...words(range)]);
  for (const range of maps.gid) ops.push(['gidmap', ...words(range)]);
  return ops;
}

/** The ids of this namespace that exist, from the text of /proc/PID/uid_map ("inside outside size"). */
export function parseIdMap(text: string): IdRange[] {
  const ranges: IdRange[] = [];
  for (const line of text.split('\n')) {
    const [inside, , size] = line.trim().split(/\s+/).map(Number);
    if (inside === undefined || size === undefined || !(size > 0)) continue;
    ranges.push({ container: 0, host: inside, size });
  }
  return ranges;
}

type Mapped = { uid: IdRange[]; gid: IdRange[] };

function userMap(user: HostUser, sources: IdSources, mapped: Mapped, status: string): IdMaps {
  if (statusField(status, 'NoNewPrivs') === '1') {
    return oneId(user, 'this process may not gain privileges (no_new_privs), so newuidmap has no effect');
  }
  const found = sources.subIds(user);
  const uid = subordinate(user.uid, found.uid, mapped.uid);
  const gid = subordinate(user.gid, found.gid, mapped.gid);
  const who = user.name ?? `uid ${user.uid}`;
  const file = uid.length > 1 ? '/etc/subgid' : '/etc/subuid';
  if (uid.length < 2 || gid.length < 2) {
    const listed = uid.length > 1 ? found.gid : found.uid;
    if (listed.length === 0)
      return oneId(user, `${file} has no range for ${who}`, usermodCommand(user, found));
    return oneId(user, `the range of ${who} in ${file} does not exist in this user namespace`);
  }
  const newuidmap = sources.find('newuidmap');
  const newgidmap = sources.find('newgidmap');
  if (!newuidmap || !newgidmap) {
    const name = newuidmap ? 'newgidmap' : 'newuidmap';
    return oneId(user, `${name} is not installed`, 'sudo apt-get install uidmap');
  }
  return { uid, gid, helpers: { newuidmap, newgidmap }, oneIdOnly: false };
}

function rootMap(user: HostUser, sources: IdSources, mapped: Mapped, status: string): IdMaps {
  const caps = BigInt(`0x${statusField(status, 'CapEff') ?? '0'}`);
  if (!((caps >> CAP_SETUID) & 1n) || !((caps >> CAP_SETGID) & 1n)) {
    return oneId(user, 'root lacks CAP_SETUID or CAP_SETGID here');
  }
  const found = sources.subIds(user);
  let uid = subordinate(user.uid, found.uid, mapped.uid);
  let gid = subordinate(user.gid, found.gid, mapped.gid);
  if (uid.length < 2 || gid.length < 2) {
    uid = subordinate(user.uid, mapped.uid, mapped.uid);
    gid = subordinate(user.gid, mapped.gid, mapped.gid);
  }
  if (totalSize(uid) < 2 || totalSize(gid) < 2) {
    return oneId(user, 'this user namespace has one id only');
  }
  return { uid: joined(uid), gid: joined(gid), helpers: undefined, oneIdOnly: false };
}

function oneId(user: HostUser, reason: string, fix?: string): IdMaps {
  const maps: IdMaps = {
    uid: [{ container: 0, host: user.uid, size: 1 }],
    gid: [{ container: 0, host: user.gid, size: 1 }],
    helpers: undefined,
    oneIdOnly: true,
    reason,
  };
  if (fix !== undefined) maps.fix = fix;
  return maps;
}

/** Container 0 is `own`; the usable parts of `ranges` follow, each id at most once (the kernel refuses doubles). */
function subordinate(own: number, ranges: IdRange[], mapped: IdRange[]): IdRange[] {
  const result: IdRange[] = [{ container: 0, host: own, size: 1 }];
  let next = 1;
  for (const range of ranges) {
    for (const part of subtract(intersect(range, mapped), result)) {
      // 4294967295 is (uid_t)-1: never an id.
      const size = Math.min(part.size, 0xffff_ffff - next);
      if (size <= 0) break;
      result.push({ container: next, host: part.host, size });
      next += size;
    }
  }
  return result;
}

/** Neighbours that continue each other as one: the kernel takes 340 lines (5 before Linux 4.15). */
function joined(ranges: IdRange[]): IdRange[] {
  const result: IdRange[] = [];
  for (const range of ranges) {
    const last = result.at(-1);
    if (last && last.container + last.size === range.container && last.host + last.size === range.host) {
      last.size += range.size;
    } else result.push({ ...range });
  }
  return result;
}

function usermodCommand(user: HostUser, { all }: SubIds): string | undefined {
  if (user.name === undefined) return undefined;
  const start = freeSubIdStart(all);
  const range = `${start}-${start + 65535}`;
  return `sudo usermod --add-subuids ${range} --add-subgids ${range} ${user.name}`;
}

function statusField(status: string, name: string): string | undefined {
  return new RegExp(`^${name}:\\s*(\\S+)`, 'm').exec(status)?.[1];
}

function words(range: IdRange): string[] {
  return [String(range.container), String(range.host), String(range.size)];
}

function systemSources(): IdSources {
  return {
    subIds: subIdsFor,
    find: findProgram,
    proc: (name) => readFileSync(`/proc/self/${name}`, 'utf8'),
  };
}

/** Absolute path of an executable on PATH, or in the places where system programs live. */
export function findProgram(name: string, path = process.env.PATH ?? ''): string | undefined {
  for (const directory of [...path.split(':'), '/usr/bin', '/usr/sbin', '/usr/local/bin', '/bin', '/sbin']) {
    if (!directory.startsWith('/')) continue;
    const file = join(directory, name);
    try {
      accessSync(file, constants.X_OK);
      if (statSync(file).isFile()) return file;
    } catch {
      // Not there: the next one.
    }
  }
  return undefined;
}
