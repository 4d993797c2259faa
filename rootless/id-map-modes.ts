/**
 * The maps of `--userns`, `--uidmap` and `--gidmap`.
 *
 * In all of them the outer numbers are *intermediate* ids, those of the default map: 0 is the user, 1 and up are the
 * subordinate ids, as for podman without root. `@1500` names an id of the host instead.
 */

import { PodError } from '../core/error.ts';
import type { HostUser, IdMaps } from './id-map.ts';
import { compose, type IdRange, subtract, toContainer, totalSize } from './id-range.ts';

/** Fewest ids of `auto` (podman's default, too). */
const AUTO_SIZE = 1024;

export interface IdMapWish {
  /** Value of `--userns`; absent or `host` is the default map. */
  userns?: string;
  /** Values of `--uidmap` and `--gidmap`: `CONTAINER:INTERMEDIATE[:SIZE]`. One kind alone serves for both. */
  uidmap?: string[];
  gidmap?: string[];
}

export interface IdMapSurroundings {
  user: HostUser;
  /** For `auto`: host uids that other containers' automatic maps hold. */
  used?: IdRange[];
  /** For `auto` without a size: how many ids the image's passwd and group ask for. */
  imageIds?: number;
}

/** The maps of a container, from the default ones. Throws `usage` for bad values, `missing` where ids are too few. */
export function containerMaps(defaults: IdMaps, wish: IdMapWish, around: IdMapSurroundings): IdMaps {
  const [mode = 'host', ...rest] = (wish.userns ?? 'host').split(':');
  if (wish.uidmap?.length || wish.gidmap?.length) {
    if (mode !== 'host') throw usage(`--userns=${wish.userns} and --uidmap or --gidmap exclude each other`);
    return explicitMaps(defaults, wish.uidmap ?? [], wish.gidmap ?? []);
  }
  if (!['host', '', 'keep-id', 'nomap', 'auto'].includes(mode)) {
    throw usage(`unknown user namespace mode ${JSON.stringify(wish.userns)}`, {
      hint: '--userns takes host, keep-id[:uid=N,gid=N], nomap or auto[:size=N]',
    });
  }
  const options = parseOptions(rest.join(':'), wish.userns ?? '');
  switch (mode) {
    case 'keep-id':
      allow(options, ['uid', 'gid'], wish.userns ?? '');
      return withMaps(
        defaults,
        keepId(idOption(options, 'uid') ?? around.user.uid, totalSize(defaults.uid)),
        keepId(idOption(options, 'gid') ?? around.user.gid, totalSize(defaults.gid)),
      );
    case 'nomap':
      allow(options, [], wish.userns ?? '');
      return withMaps(defaults, noMap(defaults, defaults.uid), noMap(defaults, defaults.gid));
    case 'auto':
      allow(options, ['size', 'uidmapping', 'gidmapping'], wish.userns ?? '');
      return autoMaps(defaults, options, around);
    default:
      allow(options, [], wish.userns ?? '');
      return defaults;
  }
}

/** True where the two maps give every id the same owner. */
export function sameMaps(a: IdMaps, b: IdMaps): boolean {
  const text = (maps: IdMaps) => JSON.stringify([maps.uid, maps.gid]);
  return a === b || text(a) === text(b);
}

/** `CONTAINER:INTERMEDIATE[:SIZE]` or `CONTAINER:@HOST[:SIZE]`, as a range whose `host` is an intermediate id. */
function parseMapping(text: string, ids: IdRange[]): IdRange {
  const match = /^(\d{1,10}):(@?)(\d{1,10})(?::(\d{1,10}))?$/.exec(text);
  if (!match) {
    throw usage(`invalid id mapping ${JSON.stringify(text)}`, {
      hint: 'an id mapping is CONTAINER-ID:OUTER-ID:SIZE, for example 0:1:1000',
    });
  }
  const size = Number(match[4] ?? 1);
  const outer = Number(match[3]);
  const host = match[2] ? toContainer(outer, ids) : outer;
  if (host === undefined) throw usage(`id mapping ${text}: id ${outer} of the host is not yours to map`);
  if (size < 1) throw usage(`id mapping ${text}: the size must be at least 1`);
  return { container: Number(match[1]), host, size };
}

/** The user keeps his number `id`; the others move up by one place below it. */
function keepId(id: number, total: number): IdRange[] {
  const below = Math.min(id, total - 1);
  const ranges: IdRange[] = [
    { container: 0, host: 1, size: below },
    { container: id, host: 0, size: 1 },
    { container: id + 1, host: id + 1, size: total - id - 1 },
  ];
  return ranges.filter(({ size }) => size > 0);
}

function noMap(defaults: IdMaps, ids: IdRange[]): IdRange[] {
  const size = totalSize(ids) - 1;
  if (size < 1) throw tooFew(defaults, '--userns=nomap', 1, 0);
  return [{ container: 0, host: 1, size }];
}

function explicitMaps(defaults: IdMaps, uidmap: string[], gidmap: string[]): IdMaps {
  const uid = (uidmap.length ? uidmap : gidmap).map((text) => parseMapping(text, defaults.uid));
  const gid = (gidmap.length ? gidmap : uidmap).map((text) => parseMapping(text, defaults.gid));
  return withMaps(defaults, uid, gid);
}

/** A run of subordinate ids that no other container has. */
function autoMaps(defaults: IdMaps, options: Map<string, string[]>, around: IdMapSurroundings): IdMaps {
  const fixed = {
    uid: (options.get('uidmapping') ?? []).map((text) => parseMapping(text, defaults.uid)),
    gid: (options.get('gidmapping') ?? []).map((text) => parseMapping(text, defaults.gid)),
  };
  const size = idOption(options, 'size') ?? Math.max(AUTO_SIZE, around.imageIds ?? 0);
  if (size < 1) throw usage('--userns=auto: the size must be at least 1');
  const taken = compose([{ container: 0, host: 0, size: totalSize(defaults.uid) }], defaults.uid).flatMap(
    (own) =>
      (around.used ?? []).flatMap((used) => {
        const start = Math.max(own.host, used.host);
        const end = Math.min(own.host + own.size, used.host + used.size);
        return end > start
          ? [{ container: 0, host: own.container + start - own.host, size: end - start }]
          : [];
      }),
  );
  const all = Math.min(totalSize(defaults.uid), totalSize(defaults.gid));
  const free = subtract([{ container: 0, host: 1, size: all - 1 }], taken).filter((range) => range.size > 0);
  const run = free.find((range) => range.size >= size);
  if (!run) throw tooFew(defaults, '--userns=auto', size, Math.max(0, ...free.map((range) => range.size)));
  const base = [{ container: 0, host: run.host, size }];
  return withMaps(defaults, overlay(base, fixed.uid), overlay(base, fixed.gid));
}

/** `fixed` where it says something, `base` for the other container ids. */
function overlay(base: IdRange[], fixed: IdRange[]): IdRange[] {
  const swapped = (ranges: IdRange[]) =>
    ranges.map(({ container, host, size }) => ({ container: host, host: container, size }));
  return [...swapped(subtract(swapped(base), swapped(fixed))), ...fixed];
}

/** Intermediate ranges made host ranges, checked for doubles and for ids that are not ours. */
function withMaps(defaults: IdMaps, uid: IdRange[], gid: IdRange[]): IdMaps {
  const maps: IdMaps = {
    ...defaults,
    uid: toHostRanges(defaults, 'uid', uid),
    gid: toHostRanges(defaults, 'gid', gid),
  };
  if (!maps.uid.some(({ container }) => container === 0) && !defaults.oneIdOnly) {
    throw usage('the id map has no container id 0', { hint: 'add a mapping of 0: --uidmap 0:1:1' });
  }
  return maps;
}

function toHostRanges(defaults: IdMaps, kind: 'uid' | 'gid', ranges: IdRange[]): IdRange[] {
  const ids = defaults[kind];
  const composed = compose(ranges, ids);
  if (totalSize(composed) !== totalSize(ranges)) {
    const need = Math.max(...ranges.map(({ host, size }) => host + size));
    throw tooFew(defaults, `the ${kind} map`, need, totalSize(ids));
  }
  for (const [index, range] of ranges.entries()) {
    for (const other of ranges.slice(index + 1)) {
      const apart = (a: number, b: number) => a + range.size <= b || b + other.size <= a;
      if (!apart(range.container, other.container) || !apart(range.host, other.host)) {
        throw usage(`the ${kind} map names an id twice`);
      }
    }
  }
  return composed;
}

function parseOptions(text: string, whole: string): Map<string, string[]> {
  const options = new Map<string, string[]>();
  for (const part of text === '' ? [] : text.split(',')) {
    const at = part.indexOf('=');
    if (at < 1) throw usage(`--userns=${whole}: ${JSON.stringify(part)} is not KEY=VALUE`);
    const key = part.slice(0, at);
    options.set(key, [...(options.get(key) ?? []), part.slice(at + 1)]);
  }
  return options;
}

function allow(options: Map<string, string[]>, names: string[], whole: string): void {
  for (const key of options.keys()) {
    if (!names.includes(key)) throw usage(`--userns=${whole}: unknown option ${JSON.stringify(key)}`);
  }
}

function idOption(options: Map<string, string[]>, name: string): number | undefined {
  const value = options.get(name)?.at(-1);
  if (value === undefined) return undefined;
  if (!/^\d{1,10}$/.test(value) || Number(value) >= 0xffff_ffff) {
    throw usage(`--userns: ${name}=${value} is not an id`);
  }
  return Number(value);
}

function usage(message: string, more: { hint?: string } = {}): PodError {
  return new PodError({ code: 'usage', message, ...more });
}

function tooFew(defaults: IdMaps, what: string, need: number, have: number): PodError {
  const why = defaults.reason ? `${defaults.reason}` : `${need} ids are needed, ${have} are there`;
  return new PodError({
    code: 'missing',
    message: `cannot make ${what}`,
    why,
    hint: defaults.fix ?? 'give the user a larger range in /etc/subuid and /etc/subgid (see subuid(5))',
  });
}
