/**
 * The option `idmap[=uids=DISK-OUTER-SIZE[#...][;gids=...]]` of a mount, podman-run(1): whom its files are shown to belong to.
 *
 * DISK is an id of the host, as `ls -n` there shows it. OUTER is what --uidmap calls an intermediate id (0 is the user, 1 and
 * up are the subordinate ids); in a range that begins with `@` it is an id of the container. Where nothing is said of uids
 * or gids, the ids on disk are the container's: what host id 1000 owns belongs to the container's 1000. What no range has
 * belongs to nobody, and only ids that the container's namespace has can be in one.
 */

import type { IdMaps } from '../../../rootless/id-map.ts';
import { compose, type IdRange, inverse, toHost, totalSize } from '../../../rootless/id-range.ts';
import type { OciMount } from '../../../rootless/oci-spec.ts';
import { refuse } from './request.ts';

const EXAMPLE =
  'for example: idmap=uids=@1000-33-1;gids=@1000-33-1   # what 1000 owns is 33 in the container';

interface Wanted {
  disk: number;
  outer: number;
  size: number;
  ofContainer: boolean;
}

export const isIdmap = (word: string): boolean => word === 'idmap' || word.startsWith('idmap=');

/** Throws PodError `usage` for a word that isn't of this form. */
export function checkIdmap(asked: string, word: string): void {
  parseIdmap(asked, word);
}

function parseIdmap(asked: string, word: string): { uids?: Wanted[]; gids?: Wanted[] } {
  const wish: { uids?: Wanted[]; gids?: Wanted[] } = {};
  if (word === 'idmap') return wish;
  for (const part of word.slice('idmap='.length).split(';')) {
    const [, kind, list] = /^(uids|gids)=(.*)$/.exec(part) ?? [];
    if (kind !== 'uids' && kind !== 'gids')
      throw refuse(asked, `idmap: ${JSON.stringify(part)} is neither uids= nor gids=`, EXAMPLE);
    if (wish[kind]) throw refuse(asked, `idmap: ${kind}= is given twice`, EXAMPLE);
    wish[kind] = list!.split('#').map((range) => parseRange(asked, range));
  }
  return wish;
}

function parseRange(asked: string, text: string): Wanted {
  const match = /^(@?)(\d{1,10})-(\d{1,10})-(\d{1,10})$/.exec(text);
  const [disk = 0, outer = 0, size = 0] = (match ?? []).slice(2).map(Number);
  if (!match || size < 1 || Math.max(disk, outer) + size > 0xffff_ffff)
    throw refuse(asked, `idmap: ${JSON.stringify(text)} is not [@]DISK-ID-SIZE`, EXAMPLE);
  return { disk, outer, size, ofContainer: match[1] === '@' };
}

/** An OCI mount with the mappings that its option asks for: config.md, "Mounts", containerID is the id on disk. */
export function withIdmap(mount: OciMount, asked: string, defaults: IdMaps, maps: IdMaps): OciMount {
  const word = mount.options?.find(isIdmap);
  if (word === undefined) return mount;
  const wish = parseIdmap(asked, word);
  const [uid, gid] = (['uid', 'gid'] as const).map((kind) => {
    const wanted = wish[`${kind}s`];
    if (!wanted) return sameNumbers(asked, kind, maps[kind]);
    return wanted.map((range) => hostRange(asked, kind, range, defaults[kind], maps[kind]));
  });
  const mappings = (ranges: IdRange[]) =>
    ranges.map(({ container, host, size }) => ({ containerID: container, hostID: host, size }));
  for (const ranges of [uid!, gid!]) refuseDoubles(asked, ranges);
  return { ...mount, uidMappings: mappings(uid!), gidMappings: mappings(gid!) };
}

/** Ids on disk that the namespace has, as the ids of the container with the same number. */
function sameNumbers(asked: string, kind: 'uid' | 'gid', ids: IdRange[]): IdRange[] {
  const own = ids.map(({ host, size }) => ({ container: host, host, size }));
  const same = compose(own, ids);
  if (same.length > 0) return same;
  const me = (kind === 'uid' ? process.getuid : process.getgid)!();
  throw refuse(
    asked,
    `idmap: no ${kind} on disk that this container may have is one of its own numbers, not even your ${me}`,
    `--userns keep-id, or idmap=uids=@${process.getuid!()}-0-1;gids=@${process.getgid!()}-0-1`,
  );
}

function hostRange(
  asked: string,
  kind: 'uid' | 'gid',
  { disk, outer, size, ofContainer }: Wanted,
  defaults: IdRange[],
  ids: IdRange[],
): IdRange {
  const first = toHost(outer, ofContainer ? ids : defaults);
  const last = toHost(outer + size - 1, ofContainer ? ids : defaults);
  const text = `${kind}s ${ofContainer ? '@' : ''}${disk}-${outer}-${size}`;
  const has = (host: number) => totalSize(compose([{ container: 0, host, size }], inverse(ids))) === size;
  if (!has(disk))
    throw refuse(
      asked,
      `idmap: ${text}: the ids ${disk} to ${disk + size - 1} of the host are not all among those that the container has`,
      'tsc-pod doctor   # shows the ids that you have',
    );
  if (first === undefined || last !== first + size - 1 || !has(first))
    throw refuse(
      asked,
      `idmap: ${text}: the container has no ids for ${outer} to ${outer + size - 1}`,
      'with @ in front of a range its second number is an id of the container',
    );
  return { container: disk, host: first, size };
}

function refuseDoubles(asked: string, ranges: IdRange[]): void {
  const meet = (a: number, b: number, one: IdRange, other: IdRange) => a < b + other.size && b < a + one.size;
  for (const [index, one] of ranges.entries())
    for (const other of ranges.slice(index + 1))
      if (meet(one.container, other.container, one, other) || meet(one.host, other.host, one, other))
        throw refuse(asked, 'idmap: it names an id twice', EXAMPLE);
}
