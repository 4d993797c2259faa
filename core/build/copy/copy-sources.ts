/** COPY: which files of a context its sources mean (Dockerfile reference, "COPY"; wildcards as Go's filepath.Match). */

import { createHash, type Hash } from 'node:crypto';
import { printable } from '../../archive/tar-entry.ts';
import { PodError } from '../../error.ts';
import type { BuildContext, ContextEntry } from '../context/build-context.ts';
import { asText } from '../context/tree-context.ts';
import type { TransferSource } from '../dockerfile/dockerfile.ts';
import { ignoreOf } from '../dockerfile/ignore.ts';
import { expandSource, type FoundSource, sourcePath } from './expand-source.ts';
import { inlineSource } from './inline-source.ts';
import type { SelectedSource, Selection } from './selection.ts';

export interface CopyWish {
  /** Variables in paths and in heredocs are expanded. */
  readonly sources: readonly TransferSource[];
  /** As .dockerignore's patterns, relative to each source. */
  readonly exclude: readonly string[];
  /** --parents: names keep their directories, from `/./` on where that is in the source. */
  readonly parents: boolean;
}

/** Finds and hashes; no root is opened. PodError `not-found` where a source is nothing in the context. */
export async function copySources(context: BuildContext, wish: CopyWish): Promise<Selection> {
  const hash = createHash('sha256');
  const sources: SelectedSource[] = [];
  for (const source of wish.sources) {
    if (source.kind === 'inline') sources.push(inlineSource(source.heredoc, hash));
    else sources.push(...(await selectPath(context, source.path, wish, hash)));
  }
  return { sources, several: sources.length > 1 || wish.parents, hash: hash.digest('hex') };
}

/** The sources that one path or pattern means; what they are is added to the hash. */
export async function selectPath(
  context: BuildContext,
  path: string,
  { exclude, parents }: Pick<CopyWish, 'exclude' | 'parents'>,
  hash: Hash,
): Promise<SelectedSource[]> {
  const found = await expandSource(context, path, parents);
  if (!found) throw missing(context, path);
  const selected: SelectedSource[] = [];
  for (const one of found) {
    const kept = exclude.length === 0 ? one : without(one, exclude);
    // An empty directory's destination is made; with --parents it is itself what would be there.
    if (kept.entries.length === 0 && (parents || !kept.directory)) continue;
    checkKinds(kept.entries, context);
    await addToHash(hash, context, kept);
    selected.push(selectedSource(context, path, kept));
  }
  return selected;
}

function selectedSource(context: BuildContext, label: string, found: FoundSource): SelectedSource {
  const { entries, strip, directory, name } = found;
  const moved = (path: string): string => path.slice(path.length > strip ? strip : path.length);
  return {
    label,
    directory,
    name,
    read: (sink, drain) =>
      context.read(
        entries,
        {
          entry: (entry) =>
            sink.entry({
              ...entry,
              path: moved(entry.path),
              linkTarget: entry.type === 'hardlink' ? moved(entry.linkTarget) : entry.linkTarget,
            }),
          data: (bytes) => sink.data(bytes),
          hole: (length) => sink.hole(length),
        },
        drain,
      ),
  };
}

/** --exclude: relative to the source; a file that is itself a source goes by its name. */
function without(found: FoundSource, patterns: readonly string[]): FoundSource {
  const { entries, strip, directory, name } = found;
  const ignore = ignoreOf(patterns);
  const excluded = ({ path }: ContextEntry): boolean => {
    const relative = directory ? path.slice(strip) : name;
    return relative !== '' && ignore.ignores(asText(relative));
  };
  return { ...found, entries: entries.filter((entry) => !excluded(entry)) };
}

function checkKinds(entries: readonly ContextEntry[], context: BuildContext): void {
  const device = entries.find(({ type }) => type === 'char' || type === 'block');
  if (!device) return;
  throw new PodError({
    code: 'unsupported',
    message: `cannot copy ${printable(device.path)} of ${context.label}`,
    why: 'it is a device',
    hint: 'leave it out by a line in .dockerignore, or by --exclude',
  });
}

/** Names, kinds, modes, owners, links and content, but no times. */
async function addToHash(hash: Hash, context: BuildContext, found: FoundSource): Promise<void> {
  const { entries, strip, directory, name } = found;
  const contents = await context.fingerprints(entries);
  hash.update(`${directory ? 'directory' : `file ${quoted(name)}`}\n`);
  for (const [at, { path, type, mode, uid, gid, linkTarget }] of entries.entries()) {
    const kind = type === 'hardlink' ? 'file' : type;
    const target = type === 'symlink' ? quoted(linkTarget) : '';
    hash.update(
      `${quoted(path.slice(strip))} ${kind} ${mode.toString(8)} ${uid}:${gid} ${target} ${contents[at]}\n`,
    );
  }
}

const quoted = (name: string): string => name.replace(/[\\\s]/g, (c) => `\\${c.charCodeAt(0).toString(8)}.`);

function missing(context: BuildContext, path: string): PodError {
  const name = printable(sourcePath(path));
  return new PodError({
    code: 'not-found',
    message: `cannot copy ${printable(path)}`,
    why: `${context.label} has no ${name === '' ? '/' : name}`,
    hint: context.hint?.(sourcePath(path)),
  });
}
