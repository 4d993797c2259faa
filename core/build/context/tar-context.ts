/**
 * A tar archive as a context, with the owners and attributes that it tells. Nothing of it is unpacked: the data of its
 * files goes one after the other into a file without a name, and names are only looked up in memory.
 */

import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { memberName } from '../../archive/member-name.ts';
import { NO_XATTRS, type TarEntry } from '../../archive/tar-entry.ts';
import { createTarParser } from '../../archive/tar-parser.ts';
import { randomBytes } from '../../random.ts';
import { writeBytes } from '../../write-file.ts';
import { attributesText } from './attributes-text.ts';
import type { ContextEntry } from './build-context.ts';
import type { ContextEnvironment } from './open-context.ts';
import {
  type Content,
  type ContextTree,
  type TreeContext,
  type TreeNode,
  treeContext,
} from './tree-context.ts';

/** A file's data in the spool, or a hole. */
type Piece = { readonly at: number; length: number } | { readonly hole: number };

const CHUNK = 256 << 10;

/** `fd`: -1 when the build has ended; a stage that was given up may still want to read. */
interface Spool {
  fd: number;
  /** Where the file is, which has no name. */
  directory: string;
}

/** `bytes`: the archive, not compressed. Throws PodError `invalid`, `no-space`. */
export async function tarContext(
  bytes: AsyncIterable<Uint8Array>,
  { directory, atEnd }: Pick<ContextEnvironment, 'directory' | 'atEnd'>,
  label: string,
): Promise<TreeContext> {
  const path = join(directory, `archive-${randomBytes(8).toString('hex')}`);
  const spool: Spool = { fd: openSync(path, 'wx+', 0o600), directory };
  unlinkSync(path);
  atEnd(() => {
    closeSync(spool.fd);
    spool.fd = -1;
  });
  return treeContext(await readTree(bytes, spool), label);
}

async function readTree(bytes: AsyncIterable<Uint8Array>, spool: Spool): Promise<ContextTree> {
  const nodes = new Map<string, TreeNode>([['', { entry: madeDirectory('') }]]);
  let end = 0;
  let pieces: Piece[] | undefined;
  const parser = createTarParser({
    entry: (entry) => {
      const path = memberName(entry.path);
      pieces = entry.type === 'file' ? [] : undefined;
      const node = nodeOf({ ...entry, path }, nodes, pieces && contentOf(spool, pieces, entry));
      if (node) nodes.set(path, node);
    },
    data: (data) => {
      writeBytes(spool.fd, spool.directory, data, end);
      const last = pieces?.at(-1);
      if (last && 'at' in last && last.at + last.length === end) last.length += data.length;
      else pieces?.push({ at: end, length: data.length });
      end += data.length;
    },
    hole: (length) => void pieces?.push({ hole: length }),
  });
  for await (const chunk of bytes) parser.write(chunk);
  parser.end();
  return treeOf(nodes);
}

/** A hard link is its file under another name; one to nothing is left out, as GNU tar does after its warning. */
function nodeOf(
  entry: TarEntry,
  nodes: Map<string, TreeNode>,
  content: Content | undefined,
): TreeNode | undefined {
  if (entry.type !== 'hardlink')
    return content ? { entry, content } : { entry, fingerprint: () => attributesText(entry.xattrs) };
  const target = memberName(entry.linkTarget);
  const node = nodes.get(target);
  if (!node?.content) return node && { ...node, entry: { ...node.entry, path: entry.path } };
  const linked = { ...node, links: node.links ?? target };
  nodes.set(target, linked);
  return { ...linked, entry: { ...node.entry, path: entry.path } };
}

/** A directory of a context that nothing tells of. */
export function madeDirectory(path: string): ContextEntry {
  const mtime = { seconds: 0, nanoseconds: 0 };
  const none = { linkTarget: '', size: 0, uid: 0, gid: 0, major: 0, minor: 0, xattrs: NO_XATTRS };
  return { path, type: 'directory', mode: 0o755, mtime, ...none };
}

function treeOf(nodes: Map<string, TreeNode>): ContextTree {
  const lists = new Map<string, Set<string>>([['', new Set()]]);
  for (const path of [...nodes.keys()]) place(path, nodes, lists);
  const sorted = new Map([...lists].map(([path, names]) => [path, [...names].sort()]));
  return { look: (path) => nodes.get(path), names: (path) => sorted.get(path) ?? [] };
}

/** Puts a name into its directory, which is made where the archive tells of none. */
function place(path: string, nodes: Map<string, TreeNode>, lists: Map<string, Set<string>>): void {
  for (let at = path; at !== ''; ) {
    const slash = at.lastIndexOf('/');
    const parent = at.slice(0, Math.max(0, slash));
    const names = lists.get(parent);
    names?.add(at.slice(slash + 1));
    if (names) return;
    lists.set(parent, new Set([at.slice(slash + 1)]));
    if (nodes.get(parent)?.entry.type !== 'directory') nodes.set(parent, { entry: madeDirectory(parent) });
    at = parent;
  }
}

function contentOf(spool: Spool, pieces: readonly Piece[], { size, path, xattrs }: TarEntry): Content {
  function* chunks(): Generator<Buffer | number> {
    for (const piece of pieces) {
      if ('hole' in piece) yield piece.hole;
      else
        for (let done = 0; done < piece.length; ) {
          const buffer = Buffer.allocUnsafeSlow(Math.min(CHUNK, piece.length - done));
          const n = readSync(spool.fd, buffer, 0, buffer.length, piece.at + done);
          if (n === 0) throw new Error(`the spool of ${path} is cut off`);
          done += n;
          yield buffer.subarray(0, n);
        }
    }
  }
  return {
    fingerprint: async () => {
      const hash = createHash('sha256');
      let holes = '';
      let at = 0;
      for (const chunk of chunks()) {
        if (typeof chunk === 'number') holes += `+${at}-${at + chunk}`;
        else hash.update(chunk);
        at += typeof chunk === 'number' ? chunk : chunk.length;
      }
      return hash.digest('hex') + holes + attributesText(xattrs);
    },
    send: async (sink, drain) => {
      for (const chunk of chunks()) {
        if (typeof chunk === 'number') sink.hole(chunk);
        else sink.data(chunk);
        await drain();
      }
    },
    whole: () => {
      const parts = [...chunks()].map((chunk) => (typeof chunk === 'number' ? Buffer.alloc(chunk) : chunk));
      return Buffer.concat(parts, size);
    },
  };
}
