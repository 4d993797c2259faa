/** A folder of the user's as a context. */

import { type BigIntStats, lstatSync, readdirSync, readlinkSync, realpathSync, statSync } from 'node:fs';
import { NO_XATTRS } from '../../archive/tar-entry.ts';
import { errnoOf, PodError } from '../../error.ts';
import { ATTRIBUTES, attributesText } from './attributes-text.ts';
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

interface FolderNode extends TreeNode {
  /** Of a regular file or a directory. */
  readonly file?: HostFile;
}

export interface FolderOptions {
  readonly label: string;
  readonly memory?: FingerprintMemory | undefined;
  /** Modes are 755 and 644, whatever the umask was when it was made: a checkout's. */
  readonly plainModes?: boolean;
  /** How extended attributes are read (attributes.ts); none are where undefined. */
  readonly attributesOf?: ((paths: readonly Buffer[]) => Promise<ReadonlyMap<string, Buffer>[]>) | undefined;
}

/** Fingerprints by what a file is known by (host-file.ts). */
export interface FingerprintMemory {
  get(file: HostFile): string | undefined;
  set(file: HostFile, fingerprint: string): void;
}

const FORGETFUL: FingerprintMemory = { get: () => undefined, set: () => {} };

/** `directory`: absolute. PodError `not-found` where it is no directory. */
export function folderContext(directory: string, options: FolderOptions): TreeContext {
  return treeContext(folderTree(openFolder(directory, options.label), options), options.label);
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

function folderTree(
  root: string,
  { memory = FORGETFUL, plainModes = false, attributesOf }: FolderOptions,
): ContextTree {
  const known = new Map<string, FolderNode>();
  const lists = new Map<string, readonly string[]>();
  const buffer = hashMemory();
  const hostPath = (path: string): Buffer =>
    Buffer.from(path === '' ? root || '/' : `${root}/${path}`, 'latin1');
  const shown = ({ name }: HostFile): string => attributesText(known.get(name)?.entry.xattrs ?? NO_XATTRS);
  const contentOf = (file: HostFile): Content => ({
    fingerprint: async () => {
      const old = memory.get(file);
      const text = old ?? (await fingerprint(file, buffer())) + shown(file);
      if (old === undefined) memory.set(file, text);
      return text;
    },
    send: (sink, drain) => sendFile(file, sink, drain),
    whole: () => readWhole(file),
  });
  const attributesOnly = (file: HostFile): string => {
    const old = memory.get(file);
    const text = old ?? shown(file);
    if (old === undefined) memory.set(file, text);
    return text;
  };
  const learned = new Set<string>();
  /** What is remembered stands for the attributes, too: the kernel changes ctime with them. */
  const isKnown = (path: string, { file }: FolderNode): boolean => {
    const text = learned.has(path) || !file ? '' : memory.get(file);
    return text !== undefined && !text.includes(ATTRIBUTES);
  };
  return {
    async learn(paths) {
      const unknown = paths.flatMap((path) => {
        const node = known.get(path);
        return node && !isKnown(path, node) ? [{ path, node }] : [];
      });
      if (!attributesOf || unknown.length === 0) return;
      const found = await attributesOf(unknown.map(({ path }) => hostPath(path)));
      for (const [at, { path, node }] of unknown.entries()) {
        learned.add(path);
        const xattrs = found[at]!;
        if (xattrs.size > 0) known.set(path, { ...node, entry: { ...node.entry, xattrs } });
      }
    },
    look: (path) => {
      const found = known.get(path);
      if (found) return found;
      const host = hostPath(path);
      const about = statOf(host, path);
      const made = about && nodeOf(path, host, about, { contentOf, attributesOnly });
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

interface Readers {
  contentOf(file: HostFile): Content;
  attributesOnly(directory: HostFile): string;
}

function nodeOf(
  path: string,
  host: Buffer,
  about: BigIntStats,
  { contentOf, attributesOnly }: Readers,
): FolderNode | undefined {
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
  if (type !== 'file' && type !== 'directory') return { entry };
  const sparse = about.blocks * 512n < about.size;
  const file = { path: host, name: path, size, sparse, identity: identityOf(about) };
  if (type === 'directory') return { entry, file, fingerprint: () => attributesOnly(file) };
  const node = { entry, content: contentOf(file), file };
  return about.nlink > 1n ? { ...node, links: `${about.dev}:${about.ino}` } : node;
}
