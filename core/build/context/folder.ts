/** A folder of the user's as a context. */

import { type BigIntStats, lstatSync, readdirSync, readlinkSync, realpathSync, statSync } from 'node:fs';
import { NO_XATTRS } from '../../archive/tar-entry.ts';
import { errnoOf, PodError } from '../../error.ts';
import type { ContextEntry } from './build-context.ts';
import {
  fingerprint,
  type HostFile,
  hashMemory,
  identityOf,
  readWhole,
  sendFile,
  unreadable,
} from './host-file.ts';
import {
  type Content,
  type ContextTree,
  type TreeContext,
  type TreeNode,
  treeContext,
} from './tree-context.ts';

export interface FolderOptions {
  readonly label: string;
  readonly memory?: FingerprintMemory | undefined;
  /** Modes are 755 and 644, whatever the umask was when it was made: a checkout's. */
  readonly plainModes?: boolean;
}

/** Fingerprints by what a file is known by (host-file.ts). */
export interface FingerprintMemory {
  get(file: HostFile): string | undefined;
  set(file: HostFile, fingerprint: string): void;
}

const FORGETFUL: FingerprintMemory = { get: () => undefined, set: () => {} };

/** `directory`: absolute. PodError `not-found` where it is no directory. */
export function folderContext(directory: string, options: FolderOptions): TreeContext {
  const { label, memory = FORGETFUL } = options;
  return treeContext(folderTree(openFolder(directory, label), memory, options.plainModes === true), label);
}

/** Where it is, links followed: a byte string. */
function openFolder(directory: string, label: string): string {
  const refused = (why: string, cause?: unknown) =>
    new PodError({ code: 'not-found', message: `cannot use ${directory} as ${label}`, why, cause });
  try {
    const root = realpathSync.native(directory, 'buffer').toString('latin1');
    if (statSync(Buffer.from(root, 'latin1')).isDirectory()) return root === '/' ? '' : root;
  } catch (error) {
    throw refused(errnoOf(error) === 'EACCES' ? 'you may not enter it' : 'there is no such directory', error);
  }
  throw refused('it is not a directory');
}

function folderTree(root: string, memory: FingerprintMemory, plainModes: boolean): ContextTree {
  const known = new Map<string, TreeNode>();
  const lists = new Map<string, readonly string[]>();
  const buffer = hashMemory();
  const hostPath = (path: string): Buffer =>
    Buffer.from(path === '' ? root || '/' : `${root}/${path}`, 'latin1');
  const contentOf = (file: HostFile): Content => ({
    fingerprint: async () => {
      const old = memory.get(file);
      const text = old ?? (await fingerprint(file, buffer()));
      if (old === undefined) memory.set(file, text);
      return text;
    },
    send: (sink, drain) => sendFile(file, sink, drain),
    whole: () => readWhole(file),
  });
  return {
    look: (path) => {
      const found = known.get(path);
      if (found) return found;
      const host = hostPath(path);
      const about = statOf(host, path);
      const made = about && nodeOf(path, host, about, contentOf);
      if (!made) return undefined;
      const node = plainModes ? { ...made, entry: { ...made.entry, mode: plainMode(made.entry) } } : made;
      known.set(path, node);
      return node;
    },
    names: (path) => {
      const found = lists.get(path);
      if (found) return found;
      try {
        const names = readdirSync(hostPath(path), 'latin1').sort();
        lists.set(path, names);
        return names;
      } catch (error) {
        throw unreadable(path || '.', error);
      }
    },
  };
}

function statOf(path: Buffer, name: string): BigIntStats | undefined {
  try {
    return lstatSync(path, { bigint: true });
  } catch (error) {
    const code = errnoOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw unreadable(name, error);
  }
}

/** Undefined for a socket: nothing can be copied of it. */
function typeOf(about: BigIntStats): ContextEntry['type'] | undefined {
  if (about.isFile()) return 'file';
  if (about.isDirectory()) return 'directory';
  if (about.isSymbolicLink()) return 'symlink';
  if (about.isFIFO()) return 'fifo';
  if (about.isBlockDevice()) return 'block';
  return about.isCharacterDevice() ? 'char' : undefined;
}

function plainMode({ type, mode }: ContextEntry): number {
  if (type === 'symlink') return mode;
  return type === 'directory' || (mode & 0o100) !== 0 ? 0o755 : 0o644;
}

function nodeOf(
  path: string,
  host: Buffer,
  about: BigIntStats,
  contentOf: (file: HostFile) => Content,
): TreeNode | undefined {
  const type = typeOf(about);
  if (type === undefined) return undefined;
  const second = 1_000_000_000n;
  const nanoseconds = ((about.mtimeNs % second) + second) % second;
  const size = type === 'file' ? Number(about.size) : 0;
  const entry: ContextEntry = {
    path,
    type,
    linkTarget: type === 'symlink' ? readlinkSync(host, 'latin1') : '',
    size,
    mode: Number(about.mode & 0o7777n),
    uid: 0,
    gid: 0,
    mtime: { seconds: Number((about.mtimeNs - nanoseconds) / second), nanoseconds: Number(nanoseconds) },
    major: 0,
    minor: 0,
    xattrs: NO_XATTRS,
  };
  if (type !== 'file') return { entry };
  const sparse = about.blocks * 512n < about.size;
  const content = contentOf({ path: host, name: path, size, sparse, identity: identityOf(about) });
  return about.nlink > 1n ? { entry, content, links: `${about.dev}:${about.ino}` } : { entry, content };
}
