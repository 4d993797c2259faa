/** A tree of names as a context: a folder, an archive. Links are followed inside it only, as if it were the root. */

import { printable } from '../../archive/tar-entry.ts';
import type { TarSink } from '../../archive/tar-parser.ts';
import { walkPath } from '../../container/walk-path.ts';
import { PodError } from '../../error.ts';
import type { Ignore } from '../dockerfile/ignore.ts';
import type { BuildContext, ContextEntry, FoundTree, WalkOptions } from './build-context.ts';

/** What is in a file; its size is in the entry. */
export interface Content {
  /** The same text stands for the same bytes. */
  fingerprint(): Promise<string>;
  send(sink: Pick<TarSink, 'data' | 'hole'>, drain: () => Promise<void>): Promise<void>;
  /** All of it, when it is small. */
  whole(): Buffer;
}

export interface TreeNode {
  readonly entry: ContextEntry;
  /** Of a regular file. */
  readonly content?: Content;
  /** Of what has no content: the same text stands for the same attributes. */
  readonly fingerprint?: () => string;
  /** The same text for all names of one file; undefined for a file with one name. */
  readonly links?: string;
}

/** Paths as in a context, without links on the way. Both remember what they have found. */
export interface ContextTree {
  look(path: string): TreeNode | undefined;
  /** Names in a directory, in the order of their bytes. */
  names(path: string): readonly string[];
  /** Reads the extended attributes of files and directories, all at once: `look` gives them from then on, and fingerprints stand for them, too. */
  learn?(paths: readonly string[]): Promise<void>;
}

export interface TreeContext extends BuildContext {
  /** A small file's bytes, ignored or not, links followed; undefined when there is none. PodError `invalid` over `max` bytes. */
  readFile(path: string, max: number): Buffer | undefined;
  /** What is left out from now on: to be told before the first walk. */
  ignore(ignore: Ignore): void;
}

const joined = (parent: string, name: string): string => (parent === '' ? name : `${parent}/${name}`);

/** Patterns are text; a name that is no UTF-8 has replacement characters in it for them. */
export const asText = (name: string): string =>
  /^[\0-\x7f]*$/.test(name) ? name : Buffer.from(name, 'latin1').toString('utf8');

export function treeContext(tree: ContextTree, label: string): TreeContext {
  let ignoring: Ignore | undefined;
  const isHidden = (path: string): boolean => path !== '' && (ignoring?.ignores(asText(path)) ?? false);

  function walk(path: string, { depth = Number.POSITIVE_INFINITY }: WalkOptions = {}): FoundTree | undefined {
    const at = resolve(tree, path, isHidden);
    const top = at === undefined ? undefined : tree.look(at);
    if (at === undefined || !top) return undefined;
    const entries: ContextEntry[] = [];
    /** Directories that are left out, unless something in them isn't. */
    let pending: ContextEntry[] = [];
    const visit = ({ entry }: TreeNode, left: number): void => {
      const hidden = isHidden(entry.path);
      if (hidden && (entry.type !== 'directory' || ignoring?.skipsTree(asText(entry.path)))) return;
      if (hidden) pending.push(entry);
      else {
        entries.push(...pending, entry);
        pending = [];
      }
      if (entry.type !== 'directory' || left <= 0) return;
      for (const name of tree.names(entry.path)) {
        const child = tree.look(joined(entry.path, name));
        if (child) visit(child, left - 1);
      }
      if (pending.at(-1) === entry) pending.pop();
    };
    visit(top, depth);
    return entries.length === 0 ? undefined : { at, entries };
  }

  return {
    label,
    walk: async (path, wish) => walk(path, wish),
    fingerprints: async (entries) => {
      await tree.learn?.(entries.map(({ path }) => path));
      const found: string[] = [];
      for (const { path } of entries) {
        const { content, fingerprint } = tree.look(path) ?? {};
        found.push(content ? await content.fingerprint() : (fingerprint?.() ?? ''));
      }
      return found;
    },
    read: (entries, sink, drain) => read(tree, entries, sink, drain),
    ignore: (ignore) => {
      ignoring = ignore;
    },
    hint: (path) => {
      if (resolve(tree, path, () => false) !== undefined) return 'a line of .dockerignore leaves it out';
      const found = tree.look(path)?.entry;
      return found?.type === 'symlink'
        ? `it is a symbolic link to ${printable(found.linkTarget)}, which isn't in the context`
        : undefined;
    },
    readFile: (path, max) => {
      const at = resolve(tree, path, () => false);
      const node = at === undefined ? undefined : tree.look(at);
      return node?.content && bounded(node.entry, max) && node.content.whole();
    },
  };
}

/** Follows links; undefined where nothing is, or what is there is left out. */
function resolve(tree: ContextTree, path: string, hidden: (at: string) => boolean): string | undefined {
  let at: string[] = [];
  const there = walkPath(path, {
    enter(name) {
      const next = joined(at.join('/'), name);
      const entry = tree.look(next)?.entry;
      if (!entry || (hidden(next) && entry.type !== 'directory')) return undefined;
      if (entry.type === 'symlink') return { link: entry.linkTarget };
      at.push(name);
      return 'entered';
    },
    leave: () => void at.pop(),
    restart: () => {
      at = [];
    },
  });
  return there ? at.join('/') : undefined;
}

async function read(
  tree: ContextTree,
  entries: readonly ContextEntry[],
  sink: TarSink,
  drain: () => Promise<void>,
): Promise<void> {
  const first = new Map<string, string>();
  for (const entry of entries) {
    const { content, links, entry: now } = tree.look(entry.path) as TreeNode;
    const other = links === undefined ? undefined : first.get(links);
    if (other !== undefined) {
      sink.entry({ ...entry, type: 'hardlink', linkTarget: other, size: 0 });
      continue;
    }
    if (links !== undefined) first.set(links, entry.path);
    sink.entry({ ...entry, xattrs: now.xattrs });
    await content?.send(sink, drain);
  }
  await drain();
}

function bounded({ path, size }: ContextEntry, max: number): true {
  if (size <= max) return true;
  throw new PodError({
    code: 'invalid',
    message: `cannot read ${printable(path)} of the build context`,
    why: `it has ${size} bytes, more than ${max}`,
  });
}
