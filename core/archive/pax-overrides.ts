/**
 * What extended headers change in the header that follows. Local records win over global ones; an empty value
 * takes a record back (pax(1), "pax Extended Header").
 */
import type { Time } from '../../rootless/file-ops.ts';
import { parsePaxTime } from './pax.ts';
import { listedPieces, type SparsePiece } from './sparse.ts';
import { brokenTar } from './tar-entry.ts';

export interface Overrides {
  path?: string;
  linkTarget?: string;
  size?: number;
  uid?: number;
  gid?: number;
  mtime?: Time;
  xattrs?: Map<string, Uint8Array>;
  sparse?: SparseRecords;
}

export interface SparseRecords {
  name?: string;
  realSize?: number;
  /** Pax 0.0 and 0.1; 1.0 has its map in the data. */
  pieces?: SparsePiece[];
  mapInData: boolean;
}

const SPARSE = 'GNU.sparse.';
const XATTR = 'SCHILY.xattr.';
const XATTR_BASE64 = 'LIBARCHIVE.xattr.';

/** Keeps the last of each key; the numbers of pax 0.0, whose keys repeat, are collected as 0.1 has them. */
export function mergeRecords(into: Map<string, string>, records: [string, string][]): void {
  let list: string[] | undefined;
  for (const [key, value] of records) {
    if (key === `${SPARSE}offset` || key === `${SPARSE}numbytes`) {
      list ??= [];
      list.push(value);
    } else if (value === '') into.delete(key);
    else into.set(key, value);
  }
  if (list) into.set(`${SPARSE}map`, list.join(','));
}

export function readOverrides(records: ReadonlyMap<string, string>): Overrides {
  const found: Overrides = {};
  for (const [key, value] of records) {
    if (key === 'path') found.path = name(value);
    else if (key === 'linkpath') found.linkTarget = name(value);
    else if (key === 'size') found.size = decimal(key, value);
    else if (key === 'uid') found.uid = decimal(key, value);
    else if (key === 'gid') found.gid = decimal(key, value);
    else if (key === 'mtime') found.mtime = time(value);
    else if (key.startsWith(XATTR)) setXattr(found, key.slice(XATTR.length), Buffer.from(value, 'latin1'));
    else if (key.startsWith(XATTR_BASE64)) setBase64Xattr(found, records, key, value);
    else if (key.startsWith(SPARSE)) setSparse(found, key.slice(SPARSE.length), value);
  }
  return found;
}

function setXattr(found: Overrides, attribute: string, value: Uint8Array): void {
  found.xattrs ??= new Map();
  found.xattrs.set(attribute, value);
}

/** libarchive writes both forms; the binary one is taken where it is there. */
function setBase64Xattr(
  found: Overrides,
  all: ReadonlyMap<string, string>,
  key: string,
  value: string,
): void {
  const encoded = key.slice(XATTR_BASE64.length);
  const attribute = encoded.replace(/%([0-9A-Fa-f]{2})/g, (_, hex) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  if (all.has(XATTR + attribute)) return;
  setXattr(found, attribute, Buffer.from(value, 'base64'));
}

function setSparse(found: Overrides, key: string, value: string): void {
  found.sparse ??= { mapInData: false };
  if (key === 'name') found.sparse.name = name(value);
  else if (key === 'size' || key === 'realsize') found.sparse.realSize = decimal(key, value);
  else if (key === 'map') found.sparse.pieces = listedPieces(value);
  else if (key === 'major' && value !== '0') {
    if (value !== '1') throw brokenTar('a sparse file of an unknown version');
    found.sparse.mapInData = true;
  }
}

function name(value: string): string {
  if (value.includes('\0')) throw brokenTar('a name with a NUL in a pax header');
  return value;
}

function decimal(key: string, value: string): number {
  const number = /^\d{1,16}$/.test(value) ? Number(value) : Number.NaN;
  if (!Number.isSafeInteger(number)) throw brokenTar(`a broken ${key} in a pax header`);
  return number;
}

function time(value: string): Time {
  const parsed = parsePaxTime(value);
  if (!parsed) throw brokenTar('a broken mtime in a pax header');
  return parsed;
}
