/**
 * A layer's tar entries as file operations: which entries are taken, which are refused, and what whiteouts mean
 * (OCI image-spec, layer.md). The launcher is safe on its own; what is allowed is decided here.
 *
 * - Names that climb above the root, by themselves or through links of the layer, are refused.
 * - Devices can't be made in a user namespace. They are left out without a word: a container gets its own /dev.
 * - Attributes that steer overlays, and those that only the host's root may set, are left out.
 */
import { type FileOps, MAX_XATTR_BYTES, type Time } from '../../rootless/file-ops.ts';
import { memberName, refused, watchLinks } from './member-name.ts';
import type { TarEntry } from './tar-entry.ts';
import type { TarSink } from './tar-parser.ts';

const WHITEOUT = '.wh.';
const OPAQUE = '.wh..wh..opq';
/** Bookkeeping of aufs, which has no meaning elsewhere. */
const AUFS = '.wh..wh.';

const KEPT_XATTRS = /^(?:user\.|security\.capability$|system\.posix_acl_(?:access|default)$)/;
const PRIVATE_XATTRS = /^user\.(?:overlay\.|fuseoverlayfs\.|containers\.override_stat$)/;
const S_IFIFO = 0o010000;
/** Hard links to devices that were left out are left out too; a bomb of them is not remembered. */
const MAX_REMEMBERED = 10_000;

export interface LayerOps extends TarSink {
  /** After the last entry: what had to wait for it. */
  finish(): void;
  /** Whether the layer hides everything in the layers below it. */
  hidesAll(): boolean;
}

export interface LayerReading {
  /** No layer but a tree: names with `.wh.` are names. */
  literal?: boolean;
}

export function layerOps(ops: FileOps, { literal = false }: LayerReading = {}): LayerOps {
  const links = watchLinks();
  const directories: { path: string; mtime: Time }[] = [];
  const devices = new Set<string>();
  /** Attributes go after the data: writing takes file capabilities away. */
  let pending: TarEntry['xattrs'] | undefined;
  let takesData = false;
  let hidesAll = false;

  const settle = (): void => {
    if (pending) giveXattrs(ops, pending);
    pending = undefined;
    takesData = false;
  };
  const place = (path: string, entry: TarEntry): void => {
    switch (entry.type) {
      case 'directory':
        ops.directory(path, entry);
        giveXattrs(ops, entry.xattrs);
        directories.push({ path, mtime: entry.mtime });
        break;
      case 'file':
        ops.file(path, entry);
        pending = entry.xattrs;
        takesData = true;
        break;
      case 'symlink':
        ops.symlink(path, entry.linkTarget, entry);
        break;
      case 'hardlink': {
        const target = memberName(entry.linkTarget);
        if (target === '') throw refused(entry.path, 'it is a hard link to the root');
        links.check(target);
        if (!devices.has(target)) ops.hardLink(path, target);
        break;
      }
      case 'fifo':
        ops.node(path, { ...entry, mode: entry.mode | S_IFIFO }, 0, 0);
        break;
      default:
        if (devices.size < MAX_REMEMBERED) devices.add(path);
    }
  };
  return {
    entry: (entry) => {
      settle();
      const path = memberName(entry.path);
      links.check(path);
      if (path === OPAQUE) hidesAll = !literal;
      if (!literal && path.includes(WHITEOUT) && whiteout(ops, path, entry)) return;
      if (path === '' && entry.type !== 'directory')
        throw refused(entry.path, 'the root must be a directory');
      place(path, entry);
      links.set(path, entry.type === 'symlink' ? entry.linkTarget : undefined);
    },
    data: (bytes) => {
      if (takesData) ops.data(bytes);
    },
    hole: (length) => {
      if (takesData) ops.hole(length);
    },
    finish: () => {
      settle();
      for (const { path, mtime } of directories) ops.time(path, mtime);
    },
    hidesAll: () => hidesAll,
  };
}

/** True when the entry is a marker and no file. */
function whiteout(ops: FileOps, path: string, entry: TarEntry): boolean {
  const parts = path.split('/');
  const name = parts.pop() as string;
  if (parts.some((part) => part.startsWith(AUFS))) return true;
  if (parts.some((part) => part.startsWith(WHITEOUT))) throw refused(entry.path, 'it lies below a whiteout');
  if (!name.startsWith(WHITEOUT)) return false;
  const parent = parts.join('/');
  const hidden = name.slice(WHITEOUT.length);
  if (name === OPAQUE) ops.opaque(parent);
  else if (!name.startsWith(AUFS)) {
    if (hidden === '' || hidden === '.' || hidden === '..')
      throw refused(entry.path, 'it is a whiteout of nothing');
    ops.whiteout(parent === '' ? hidden : `${parent}/${hidden}`);
  }
  return true;
}

function giveXattrs(ops: FileOps, xattrs: TarEntry['xattrs']): void {
  for (const [name, value] of xattrs) {
    if (!KEPT_XATTRS.test(name) || PRIVATE_XATTRS.test(name)) continue;
    if (name.length > 255 || value.length > MAX_XATTR_BYTES)
      throw refused(name, 'an extended attribute is larger than Linux allows');
    ops.xattr(name, value);
  }
}
