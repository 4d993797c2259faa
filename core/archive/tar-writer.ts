/**
 * A tar writer: POSIX ustar headers, and a pax header before them for what doesn't fit. The same entries give the
 * same bytes. Readers of all ages understand it; nothing in it depends on a locale, a clock or a name of a user.
 */
import type { FileType } from '../../rootless/file-entry.ts';
import type { Time } from '../../rootless/file-ops.ts';
import { paxRecord, paxTime } from './pax.ts';
import { type SparsePiece, sparseMap } from './sparse.ts';
import type { TarEntry } from './tar-entry.ts';
import { BLOCK } from './tar-header.ts';

/** What is to be written; what is left out is 0, empty, or for a mode 0644 (0755 for a directory). */
export type NewEntry = Pick<TarEntry, 'path' | 'type'> &
  Partial<TarEntry> & { pieces?: readonly SparsePiece[] };

const TYPEFLAGS: Record<FileType, string> = {
  file: '0',
  hardlink: '1',
  symlink: '2',
  char: '3',
  block: '4',
  directory: '5',
  fifo: '6',
};
const ZERO_TIME: Time = { seconds: 0, nanoseconds: 0 };

/** Two blocks of zeros: what ends an archive. */
export function tarEnd(): Uint8Array {
  return Buffer.alloc(2 * BLOCK);
}

/** The zeros that follow a file's data. */
export function tarPadding(size: number): Uint8Array {
  return Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK);
}

/** Bytes of data that follow the headers of a file: all of it, or with pieces only what is in them. */
export function storedSize({ size = 0, pieces }: NewEntry): number {
  return pieces ? pieces.reduce((sum, piece) => sum + piece.length, 0) : size;
}

/**
 * The headers of one entry; after them come exactly storedSize() bytes of a file's data, and tarPadding() of them.
 * Strings are byte strings (tar-entry.ts). A directory's name gets its slash. With `pieces` the file has holes between
 * them: GNU tar's format 1.0 of sparse files, which libarchive and Go read too.
 */
export function tarHeader(entry: NewEntry): Uint8Array {
  if (entry.type === 'file' && entry.pieces) return sparseHeader(entry, entry.pieces);
  return headerWith(entry, []);
}

function sparseHeader(entry: NewEntry, pieces: readonly SparsePiece[]): Uint8Array {
  const slash = entry.path.lastIndexOf('/') + 1;
  const map = sparseMap(pieces);
  const header = headerWith(
    {
      ...entry,
      path: `${entry.path.slice(0, slash)}GNUSparseFile.0/${entry.path.slice(slash)}`,
      size: map.length + storedSize(entry),
    },
    [
      ['GNU.sparse.major', '1'],
      ['GNU.sparse.minor', '0'],
      ['GNU.sparse.name', entry.path],
      ['GNU.sparse.realsize', String(entry.size ?? 0)],
    ],
  );
  return Buffer.concat([header, map]);
}

function headerWith(entry: NewEntry, more: [string, string][]): Uint8Array {
  const path = entry.type === 'directory' && !entry.path.endsWith('/') ? `${entry.path}/` : entry.path;
  const linkTarget = entry.linkTarget ?? '';
  const size = entry.type === 'file' ? (entry.size ?? 0) : 0;
  const { uid = 0, gid = 0, mtime = ZERO_TIME } = entry;
  const split = splitPath(path);
  const records: [string, string][] = [...more];
  if (!split) records.push(['path', path]);
  if (linkTarget.length > 100) records.push(['linkpath', linkTarget]);
  if (size > octalMax(12)) records.push(['size', String(size)]);
  if (uid > octalMax(8)) records.push(['uid', String(uid)]);
  if (gid > octalMax(8)) records.push(['gid', String(gid)]);
  if (mtime.nanoseconds !== 0 || mtime.seconds < 0 || mtime.seconds > octalMax(12))
    records.push(['mtime', paxTime(mtime)]);
  for (const [name, value] of entry.xattrs ?? []) records.push(xattrRecord(name, value));
  const header = ustarBlock({
    ...(split ?? { prefix: '', name: path.slice(-100) }),
    typeflag: TYPEFLAGS[entry.type],
    mode: entry.mode ?? (entry.type === 'directory' ? 0o755 : 0o644),
    uid: within(uid, 8),
    gid: within(gid, 8),
    size: within(size, 12),
    mtime: mtime.seconds < 0 ? 0 : within(mtime.seconds, 12),
    linkTarget: linkTarget.slice(0, 100),
    major: entry.major ?? 0,
    minor: entry.minor ?? 0,
  });
  return records.length === 0 ? header : Buffer.concat([paxHeader(records), header]);
}

function paxHeader(records: [string, string][]): Uint8Array {
  const sorted = records.sort(([a], [b]) => (a < b ? -1 : 1));
  const body = Buffer.from(sorted.map(([key, value]) => paxRecord(key, value)).join(''), 'latin1');
  const header = ustarBlock({
    prefix: '',
    name: 'PaxHeaders/entry',
    typeflag: 'x',
    mode: 0o644,
    uid: 0,
    gid: 0,
    size: body.length,
    mtime: 0,
    linkTarget: '',
    major: 0,
    minor: 0,
  });
  return Buffer.concat([header, body, tarPadding(body.length)]);
}

/** A pax key can't hold "=": libarchive's form encodes the name. */
function xattrRecord(name: string, value: Uint8Array): [string, string] {
  if (!name.includes('=')) return [`SCHILY.xattr.${name}`, Buffer.from(value).toString('latin1')];
  const encoded = name.replace(/[%=]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
  return [`LIBARCHIVE.xattr.${encoded}`, Buffer.from(value).toString('base64')];
}

/** The name and prefix fields of ustar; undefined when the path fits in neither way. */
function splitPath(path: string): { prefix: string; name: string } | undefined {
  if (path.length <= 100) return { prefix: '', name: path };
  for (let at = path.indexOf('/', path.length - 101); at > 0 && at <= 155; at = path.indexOf('/', at + 1))
    if (at < path.length - 1) return { prefix: path.slice(0, at), name: path.slice(at + 1) };
  return undefined;
}

interface UstarFields {
  prefix: string;
  name: string;
  typeflag: string;
  mode: number;
  uid: number;
  gid: number;
  size: number;
  mtime: number;
  linkTarget: string;
  major: number;
  minor: number;
}

function ustarBlock(fields: UstarFields): Buffer {
  const block = Buffer.alloc(BLOCK);
  block.write(fields.name, 0, 'latin1');
  putOctal(block, 100, 8, fields.mode & 0o7777);
  putOctal(block, 108, 8, fields.uid);
  putOctal(block, 116, 8, fields.gid);
  putOctal(block, 124, 12, fields.size);
  putOctal(block, 136, 12, fields.mtime);
  block.write(fields.typeflag, 156, 'latin1');
  block.write(fields.linkTarget, 157, 'latin1');
  block.write('ustar\x0000', 257, 'latin1');
  putOctal(block, 329, 8, fields.major);
  putOctal(block, 337, 8, fields.minor);
  block.write(fields.prefix, 345, 'latin1');
  block.fill(0x20, 148, 156);
  let sum = 0;
  for (const byte of block) sum += byte;
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}

function putOctal(block: Buffer, at: number, length: number, value: number): void {
  block.write(value.toString(8).padStart(length - 1, '0'), at, 'latin1');
}

/** The largest number in a field of so many bytes, one of which ends it. */
function octalMax(length: number): number {
  return 8 ** (length - 1) - 1;
}

/** A field's number; what doesn't fit stands in the pax header, and 0 here. */
function within(value: number, length: number): number {
  return value > octalMax(length) ? 0 : value;
}
