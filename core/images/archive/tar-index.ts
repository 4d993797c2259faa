/** Where the files of a tar archive lie in it: only headers are read, so that an archive of gigabytes takes no time. */

import { readSync } from 'node:fs';
import { memberName, refused } from '../../archive/member-name.ts';
import { brokenTar } from '../../archive/tar-entry.ts';
import { BLOCK } from '../../archive/tar-header.ts';
import { createTarParser } from '../../archive/tar-parser.ts';

export interface Extent {
  /** Bytes from the beginning of the archive. */
  readonly offset: number;
  readonly size: number;
}

type Member = Extent | { readonly link: string } | { readonly unusable: string };

export type TarIndex = ReadonlyMap<string, Member>;

const WINDOW = 64 << 10;
/** An image has a few hundred files; each takes memory here. */
const MOST_MEMBERS = 200_000;
const MOST_LINKS = 40;

/**
 * Reads the headers of the archive in `file`, which has `size` bytes. Throws PodError `invalid` for what breaks the
 * format, is cut off, names a file twice, climbs above the root, or goes on after the end of the archive.
 */
export function indexTar(file: number, size: number): TarIndex {
  const members = new Map<string, Member>();
  let current: { path: string; member: Member } | undefined;
  let at = 0;
  const parser = createTarParser({
    entry: (entry) => {
      const path = memberName(entry.path);
      if (entry.type === 'directory' || path === '') return;
      if (members.has(path) || members.size === MOST_MEMBERS)
        throw refused(
          path,
          members.has(path) ? 'the archive has it twice' : 'the archive has too many files',
        );
      let member: Member = { unusable: 'it is no regular file' };
      if (entry.type === 'file') member = { offset: at + BLOCK, size: entry.size };
      else if (entry.type === 'hardlink') member = { link: memberName(entry.linkTarget) };
      else if (entry.type === 'symlink') member = { link: symlinkTarget(path, entry.linkTarget) };
      members.set(path, member);
      current = { path, member };
    },
    // Only of sparse files: what others hold is gone over.
    data: () => current && members.set(current.path, { unusable: 'it is a sparse file' }),
    hole: () => current && members.set(current.path, { unusable: 'it is a sparse file' }),
  });
  const block = blockReader(file, size);
  while (at < size) {
    parser.write(block(at));
    at += BLOCK;
    at += parser.skipBody();
    if (at > size) throw brokenTar('the archive is cut off');
    if (parser.isDone()) break;
  }
  parser.end();
  for (; at < size; at += BLOCK)
    if (block(at).some((byte) => byte !== 0)) throw brokenTar(`something follows its end, at byte ${at}`);
  return members;
}

/** As a path in the archive; what leaves it is told when it is used. */
function symlinkTarget(path: string, target: string): string {
  const slash = path.lastIndexOf('/');
  return target.startsWith('/') ? target : `${path.slice(0, slash + 1)}${target}`;
}

function blockReader(file: number, size: number): (at: number) => Buffer {
  const window = Buffer.allocUnsafe(WINDOW);
  let from = 0;
  let filled = 0;
  return (at) => {
    if (at < from || at + BLOCK > from + filled) {
      from = at;
      filled = 0;
      for (let got = -1; got !== 0 && filled < WINDOW; filled += got)
        got = readSync(file, window, filled, WINDOW - filled, from + filled);
    }
    return window.subarray(at - from, Math.min(at - from + BLOCK, filled, size - from));
  };
}

/**
 * The file of that name, links followed; undefined where there is none. Throws PodError `invalid` where a link leads
 * out of the archive or in circles, or to what is no plain file.
 */
export function findMember(members: TarIndex, name: string): Extent | undefined {
  let path = memberName(name);
  for (let links = 0; links < MOST_LINKS; links++) {
    const member = members.get(path);
    if (member === undefined) return undefined;
    if ('unusable' in member) throw refused(path, member.unusable);
    if ('offset' in member) return member;
    path = memberName(member.link);
  }
  throw refused(name, 'too many links');
}
