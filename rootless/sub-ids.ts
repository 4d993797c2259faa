/** Subordinate ids: subuid(5), subgid(5), and getsubids(1) where nsswitch.conf names another source. */

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { IdRange } from './id-range.ts';

export interface SubIds {
  /** The user's ranges, `container` unused. */
  uid: IdRange[];
  gid: IdRange[];
  /** Everybody's, to find a free range. */
  all: IdRange[];
}

/** The subordinate ranges of a user by name and by number, from /etc or (nsswitch `subid:`) from getsubids. */
export function subIdsFor(user: { uid: number; name: string | undefined }): SubIds {
  const owners = user.name === undefined ? [String(user.uid)] : [user.name, String(user.uid)];
  const subuid = textOf('/etc/subuid');
  const subgid = textOf('/etc/subgid');
  const found = {
    uid: parseSubIds(subuid, owners),
    gid: parseSubIds(subgid, owners),
    all: [...parseSubIds(subuid), ...parseSubIds(subgid)],
  };
  if (found.uid.length > 0 || !/^subid:\s*(?!files\s*$)\S/m.test(textOf('/etc/nsswitch.conf'))) return found;
  const owner = owners[0] ?? '';
  return { ...found, uid: getSubIds([owner]), gid: getSubIds(['-g', owner]) };
}

/** Lines `owner:start:count`; all of them, or those of `owners`. Malformed lines are skipped, as newuidmap does. */
export function parseSubIds(text: string, owners?: string[]): IdRange[] {
  const ranges: IdRange[] = [];
  for (const line of text.split('\n')) {
    const match = /^([^:#]+):(\d{1,10}):(\d{1,10})\s*$/.exec(line);
    if (!match?.[1] || (owners && !owners.includes(match[1]))) continue;
    const host = Number(match[2]);
    const size = Math.min(Number(match[3]), 0xffff_ffff - host);
    if (size > 0) ranges.push({ container: 0, host, size });
  }
  return ranges;
}

/** The first start, 100000 or above, with 65536 ids that nobody has. */
export function freeSubIdStart(all: IdRange[]): number {
  let start = 100_000;
  for (const { host, size } of all.toSorted((a, b) => a.host - b.host)) {
    if (host < start + 65536 && host + size > start) start = host + size;
  }
  return start;
}

function getSubIds(argv: string[]): IdRange[] {
  try {
    const text = execFileSync('getsubids', argv, {
      encoding: 'utf8',
      timeout: 5000,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    // "0: name 100000 65536"
    return [...text.matchAll(/^\d+:\s+\S+\s+(\d+)\s+(\d+)$/gm)].map((match) => ({
      container: 0,
      host: Number(match[1]),
      size: Number(match[2]),
    }));
  } catch {
    return [];
  }
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
