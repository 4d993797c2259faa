/** Puts a header and what extends it together. */
import type { FileType } from '../../rootless/file-entry.ts';
import type { Overrides } from './pax-overrides.ts';
import { brokenTar, MAX_NAME_BYTES, NO_XATTRS, type TarEntry } from './tar-entry.ts';
import type { RawHeader } from './tar-header.ts';

/** (uid_t)-1 means "leave it", chown(2). */
const MAX_ID = 0xffff_fffe;

const TYPES: Record<string, FileType> = {
  '0': 'file',
  '7': 'file',
  S: 'file',
  '1': 'hardlink',
  '2': 'symlink',
  '3': 'char',
  '4': 'block',
  '5': 'directory',
  '6': 'fifo',
  D: 'directory',
};

/** Whether bytes follow the header: a link's or device's size says nothing about the archive. */
export function hasData(raw: RawHeader): boolean {
  return '07SD'.includes(raw.typeflag);
}

/** The entry, its size not yet known. `longName` and `longLink` are GNU's, of the entries before it. */
export function makeEntry(
  raw: RawHeader,
  overrides: Overrides,
  longName: string | undefined,
  longLink: string | undefined,
): TarEntry {
  const type = TYPES[raw.typeflag];
  if (!type) throw brokenTar(`an entry of unknown type ${JSON.stringify(raw.typeflag)}`);
  const path = overrides.sparse?.name ?? overrides.path ?? longName ?? raw.path;
  const linkTarget = overrides.linkTarget ?? longLink ?? raw.linkTarget;
  const uid = overrides.uid ?? raw.uid;
  const gid = overrides.gid ?? raw.gid;
  if (path === '') throw brokenTar('an entry without a name');
  if (path.length > MAX_NAME_BYTES) throw brokenTar(`a name of more than ${MAX_NAME_BYTES} bytes`);
  if (linkTarget.length > MAX_NAME_BYTES) throw brokenTar(`a link of more than ${MAX_NAME_BYTES} bytes`);
  if (uid < 0 || uid > MAX_ID || gid < 0 || gid > MAX_ID) throw brokenTar('an owner that is out of range');
  const isLink = type === 'symlink' || type === 'hardlink';
  if (isLink && linkTarget === '') throw brokenTar('a link to nothing');
  return {
    path,
    type: type === 'file' && path.endsWith('/') ? 'directory' : type,
    linkTarget: isLink ? linkTarget : '',
    size: 0,
    mode: raw.mode & 0o7777,
    uid,
    gid,
    mtime: overrides.mtime ?? { seconds: raw.mtime, nanoseconds: 0 },
    major: raw.major >>> 0,
    minor: raw.minor >>> 0,
    xattrs: overrides.xattrs ?? NO_XATTRS,
  };
}
