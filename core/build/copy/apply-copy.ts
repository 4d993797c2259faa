/** Writes what COPY and ADD have selected into a stage's root. */

import { type FileOps, MAX_PATH_BYTES, type Time } from '../../../rootless/file-ops.ts';
import { type LayerOps, layerOps } from '../../archive/layer-ops.ts';
import { printable, type TarEntry } from '../../archive/tar-entry.ts';
import type { TarSink } from '../../archive/tar-parser.ts';
import { readLayeredFile } from '../../container/layered-file.ts';
import { resolveUser } from '../../container/user.ts';
import { PodError } from '../../error.ts';
import { feedApply, type Namespace, startApply } from '../../images/unpack/apply-job.ts';
import { type Destination, lookInLayers, resolveDestination } from './destination.ts';
import { type ChangeMode, parseMode } from './mode.ts';
import type { SelectedSource, Selection } from './selection.ts';

export interface CopyTarget {
  /** Where the root is mounted, made new for each of the launcher's jobs (core/container/copy/place.ts). */
  readonly place: () => Namespace;
  /** The root there: "/". */
  readonly root: string;
  /**
   * Directories of the root's layers, the topmost (written) one first: what is there is looked up without a job. For
   * --link the written one alone.
   */
  readonly layers: readonly string[];
}

export interface CopyOptions {
  /** As in the Dockerfile, expanded: "/app/", "src". */
  readonly destination: string;
  /** Absolute. */
  readonly workingDirectory: string;
  /** `user`, `user:group`, `1000:1000`. */
  readonly chown?: string | undefined;
  /** `755`, `u+x,g=u`. */
  readonly chmod?: string | undefined;
  /** Seconds: of directories that are made. Default: now. */
  readonly time?: number | undefined;
}

interface Owner {
  readonly uid: number;
  readonly gid: number;
}

interface Changes {
  readonly owner: Owner | undefined;
  readonly mode: ChangeMode | undefined;
  /** Of directories that are made on the way. */
  readonly time: Time;
}

/** Resolves the destination below the root, links followed, and writes. Gives the launcher's notices. */
export async function applyCopy(
  selection: Selection,
  target: CopyTarget,
  options: CopyOptions,
): Promise<string[]> {
  const changes = changesOf(target, options);
  const at = await findDestination(selection, target, options);
  const failing = `cannot copy to ${options.destination}`;
  // A directory doesn't take the place of a file, nor a file that of a directory: as BuildKit, but for archives.
  const flags = selection.sources.some(({ replaces }) => replaces) ? '-' : 'kinds';
  const job = startApply(target.place(), ['apply', target.root, '/', flags], failing);
  return feedApply(job, async (ops, send) => {
    const layer = layerOps(ops, { literal: true });
    for (const path of at.make) ops.directory(path, madeDirectory(changes));
    for (const source of selection.sources)
      await source.read(placedSink(layer, source, at.place(source), changes), send);
    layer.finish();
    if (options.time !== undefined) for (const path of at.make) ops.time(path, changes.time);
  });
}

const madeDirectory = ({ owner, time }: Changes): Parameters<FileOps['directory']>[1] => ({
  mode: 0o755,
  uid: owner?.uid ?? 0,
  gid: owner?.gid ?? 0,
  mtime: time,
});

function changesOf(target: CopyTarget, options: CopyOptions): Changes {
  const readFile = (path: string) => readLayeredFile(target.layers, path);
  const now = Date.now() / 1000;
  const seconds = options.time ?? Math.floor(now);
  const nanoseconds = options.time === undefined ? Math.floor((now - seconds) * 1e9) : 0;
  return {
    owner: options.chown ? ownerOf(options.chown, readFile) : undefined,
    mode: options.chmod ? parseMode(options.chmod) : undefined,
    time: { seconds, nanoseconds },
  };
}

/** What --chown means by a stage's /etc/passwd and /etc/group. Without a group, the group has the user's number (Dockerfile reference, "COPY --chown"). */
export function ownerOf(text: string, readFile: (path: string) => string | undefined): Owner {
  const { uid, gid } = resolveUser(text, [], readFile);
  return { uid, gid: text.includes(':') || !/^\d+$/.test(text) ? gid : uid };
}

interface Placed {
  /** Directories to be made first. */
  readonly make: readonly string[];
  /** Where a source goes. */
  place(source: SelectedSource): string;
}

async function findDestination(
  selection: Selection,
  target: CopyTarget,
  options: CopyOptions,
): Promise<Placed> {
  const text = Buffer.from(options.destination).toString('latin1');
  const work = Buffer.from(options.workingDirectory).toString('latin1');
  const at = await resolveDestination(
    text.startsWith('/') ? text : `${work}/${text}`,
    lookInLayers(target.layers, target.place),
  );
  const named = /(?:^|\/)\.{0,2}$/.test(text);
  const into = selection.sources.some(({ directory }) => directory);
  const asDirectory = at.found === 'directory' || named || into;
  if (at.found === 'other' && asDirectory) throw refused(options, 'it is not a directory');
  if (selection.several && !asDirectory)
    throw refused(options, 'several files can only be copied into a directory', `${options.destination}/`);
  if (asDirectory && selection.sources.some(({ directory, name }) => !directory && name === ''))
    throw refused(
      options,
      'what is added has no name of its own',
      `${options.destination.replace(/\/*$/, '')}/NAME`,
    );
  const made = asDirectory && at.found === 'nothing' ? [...at.missing, at.path] : at.missing;
  return {
    make: selection.sources.length === 0 ? [] : made,
    place: (source) => (asDirectory && !source.directory ? below(at, source.name) : at.path),
  };
}

const below = ({ path }: Destination, name: string): string => (path === '' ? name : `${path}/${name}`);

function refused({ destination }: CopyOptions, why: string, better?: string): PodError {
  const hint = better && `for instance ${better}`;
  return new PodError({
    code: 'conflict',
    message: `cannot copy to ${destination}`,
    why,
    hint,
  });
}

/** Gives a source's entries their places, owners and modes. */
function placedSink(layer: LayerOps, source: SelectedSource, base: string, changes: Changes): TarSink {
  const { owner, mode } = changes;
  const placed = (path: string): string => {
    const whole = path === '' ? base : base === '' ? path : `${base}/${path}`;
    if (whole.length > MAX_PATH_BYTES)
      throw new PodError({
        code: 'invalid',
        message: `cannot copy ${printable(path)}`,
        why: 'its path is too long',
      });
    return whole;
  };
  return {
    entry: (entry: TarEntry) => {
      // A destination that is there keeps its owner and mode; one that is made has those of `make`.
      if (entry.path === '' && source.directory) return;
      layer.entry({
        ...entry,
        ...owner,
        path: placed(entry.path),
        mode: mode && entry.type !== 'symlink' ? mode(entry.mode, entry.type === 'directory') : entry.mode,
        linkTarget: entry.type === 'hardlink' ? placed(entry.linkTarget) : entry.linkTarget,
      });
    },
    data: (bytes) => layer.data(bytes),
    hole: (length) => layer.hole(length),
  };
}
