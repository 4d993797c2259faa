/** A folder of the user's as a context. Links are followed inside it only, as if it were the root. */

import { type BigIntStats, lstatSync, readdirSync, readlinkSync, realpathSync } from 'node:fs';
import { NO_XATTRS, printable } from '../../archive/tar-entry.ts';
import type { TarSink } from '../../archive/tar-parser.ts';
import { walkPath } from '../../container/walk-path.ts';
import { errnoOf, PodError } from '../../error.ts';
import type { Ignore } from '../dockerfile/ignore.ts';
import type { BuildContext, ContextEntry, FoundTree, WalkOptions } from './build-context.ts';
import {
  fingerprint,
  type HostFile,
  hashMemory,
  identityOf,
  readWhole,
  sendFile,
  unreadable,
} from './host-file.ts';

export interface FolderContext extends BuildContext {
  /** A small file's bytes, ignored or not, links followed; undefined when there is none. PodError `invalid` over `max` bytes. */
  readFile(path: string, max: number): Buffer | undefined;
  /** What is left out from now on: to be told before the first walk. */
  ignore(ignore: Ignore): void;
  /** What was hashed before; what is asked is added. */
  readonly remembered: FingerprintMemory;
}

/** Fingerprints by what a file is known by (host-file.ts). */
export interface FingerprintMemory {
  get(file: HostFile): string | undefined;
  set(file: HostFile, fingerprint: string): void;
}

export interface FolderOptions {
  readonly label: string;
  readonly memory?: FingerprintMemory;
  /** Removes the folder, if it was made for the build. */
  readonly close?: () => Promise<void>;
}

interface Facts {
  readonly entry: ContextEntry;
  /** Of a regular file. */
  readonly file?: HostFile;
  /** dev and inode of a file with several names. */
  readonly links?: string;
}

const FORGETFUL: FingerprintMemory = { get: () => undefined, set: () => {} };

const bytes = (name: string): Buffer => Buffer.from(name, 'latin1');
const joined = (parent: string, name: string): string => (parent === '' ? name : `${parent}/${name}`);
/** Patterns are text; a name that is no UTF-8 has replacement characters in it for them. */
export const asText = (name: string): string =>
  /^[\0-\x7f]*$/.test(name) ? name : bytes(name).toString('utf8');

/** `directory`: absolute. PodError `not-found` where it is no directory that can be read. */
export function folderContext(directory: string, options: FolderOptions): FolderContext {
  const root = Buffer.from(realpathSync(directory)).toString('latin1');
  const known = new Map<string, Facts>();
  const lists = new Map<string, readonly string[]>();
  const remembered = options.memory ?? FORGETFUL;
  let ignoring: Ignore | undefined;

  const hostPath = (path: string): Buffer => bytes(path === '' ? root : `${root}/${path}`);
  const facts = (path: string): Facts | undefined => {
    const found = known.get(path);
    if (found) return found;
    const about = statOf(hostPath(path), path);
    if (!about) return undefined;
    const made = factsOf(path, hostPath(path), about);
    if (made) known.set(path, made);
    return made;
  };
  const namesIn = (path: string): readonly string[] => {
    const found = lists.get(path);
    if (found) return found;
    try {
      const names = readdirSync(hostPath(path), 'latin1').sort();
      lists.set(path, names);
      return names;
    } catch (error) {
      throw unreadable(path || '.', error);
    }
  };
  const isHidden = (path: string): boolean => ignoring?.ignores(asText(path)) ?? false;
  /** Follows links; undefined where nothing is, or what is there is left out. */
  const resolve = (path: string, hidden: (at: string) => boolean): string | undefined => {
    let at: string[] = [];
    const there = walkPath(path, {
      enter(name) {
        const next = joined(at.join('/'), name);
        const found = facts(next);
        if (!found || (hidden(next) && found.entry.type !== 'directory')) return undefined;
        if (found.entry.type === 'symlink') return { link: found.entry.linkTarget };
        at.push(name);
        return 'entered';
      },
      leave: () => void at.pop(),
      restart: () => {
        at = [];
      },
    });
    return there ? at.join('/') : undefined;
  };

  function walk(path: string, { depth = Number.POSITIVE_INFINITY }: WalkOptions = {}): FoundTree | undefined {
    const at = resolve(path, isHidden);
    const top = at === undefined ? undefined : facts(at);
    if (at === undefined || !top) return undefined;
    const entries: ContextEntry[] = [];
    /** Directories that are left out, unless something in them isn't. */
    let pending: ContextEntry[] = [];
    const visit = ({ entry }: Facts, left: number): void => {
      const hidden = entry.path !== '' && isHidden(entry.path);
      if (hidden && (entry.type !== 'directory' || ignoring?.skipsTree(asText(entry.path)))) return;
      if (hidden) pending.push(entry);
      else {
        entries.push(...pending, entry);
        pending = [];
      }
      if (entry.type !== 'directory' || left <= 0) return;
      for (const name of namesIn(entry.path)) {
        const child = facts(joined(entry.path, name));
        if (child) visit(child, left - 1);
      }
      if (pending.at(-1) === entry) pending.pop();
    };
    visit(top, depth);
    return entries.length === 0 ? undefined : { at, entries };
  }

  async function read(
    entries: readonly ContextEntry[],
    sink: TarSink,
    drain: () => Promise<void>,
  ): Promise<void> {
    const first = new Map<string, string>();
    for (const entry of entries) {
      const { file, links } = known.get(entry.path) as Facts;
      const other = links === undefined ? undefined : first.get(links);
      if (other !== undefined) {
        sink.entry({ ...entry, type: 'hardlink', linkTarget: other, size: 0 });
        continue;
      }
      if (links !== undefined) first.set(links, entry.path);
      sink.entry(entry);
      if (file) await sendFile(file, sink, drain);
    }
    await drain();
  }

  async function fingerprints(entries: readonly ContextEntry[]): Promise<string[]> {
    const memory = hashMemory();
    const found: string[] = [];
    for (const { path } of entries) {
      const file = known.get(path)?.file;
      if (!file) {
        found.push('');
        continue;
      }
      const old = remembered.get(file);
      const text = old ?? (await fingerprint(file, memory));
      if (old === undefined) remembered.set(file, text);
      found.push(text);
    }
    return found;
  }

  return {
    label: options.label,
    remembered,
    walk: async (path, wish) => walk(path, wish),
    fingerprints,
    read,
    ignore: (ignore) => {
      ignoring = ignore;
    },
    hint: (path) => {
      if (resolve(path, () => false) !== undefined) return 'a line of .dockerignore leaves it out';
      const found = facts(path)?.entry;
      return found?.type === 'symlink'
        ? `it is a symbolic link to ${printable(found.linkTarget)}, which isn't in the context`
        : undefined;
    },
    readFile: (path, max) => {
      const at = resolve(path, () => false);
      const file = at === undefined ? undefined : facts(at)?.file;
      return file && readBounded(file, max);
    },
    close: async () => options.close?.(),
  };
}

function readBounded(file: HostFile, max: number): Buffer {
  if (file.size > max)
    throw new PodError({
      code: 'invalid',
      message: `cannot read ${printable(file.name)} of the build context`,
      why: `it has ${file.size} bytes, more than ${max}`,
    });
  return readWhole(file);
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

function factsOf(path: string, host: Buffer, about: BigIntStats): Facts | undefined {
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
  const file = { path: host, name: path, size, sparse, identity: identityOf(about) };
  return about.nlink > 1n ? { entry, file, links: `${about.dev}:${about.ino}` } : { entry, file };
}
