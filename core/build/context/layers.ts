/** The files of a stage or an image as a context: COPY --from. Owners and attributes are kept. */

import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { FoundEntry } from '../../../rootless/file-stream.ts';
import { findProgram, userNamespacePlan } from '../../../rootless/id-map.ts';
import { ownerShift } from '../../../rootless/id-map-shift.ts';
import type { DriverName } from '../../../rootless/overlay/driver.ts';
import { copyPlan, readOnlyRootPlan } from '../../../rootless/overlay/root-plan.ts';
import type { Operation } from '../../../rootless/plan.ts';
import type { TarSink } from '../../archive/tar-parser.ts';
import { zeros } from '../../archive/zeros.ts';
import { packFiles } from '../../container/copy/pack-job.ts';
import type { HostFacts } from '../../container/facts.ts';
import { PodError } from '../../error.ts';
import { layerPath } from '../../images/layout.ts';
import { enterAndDo, type Namespace } from '../../images/unpack/apply-job.ts';
import { visibleLayers } from '../../images/unpack/unpack.ts';
import { launcherPath } from '../../launcher.ts';
import type { Paths } from '../../paths.ts';
import { randomBytes } from '../../random.ts';
import { attributesText } from './attributes-text.ts';
import type { BuildContext, ContextEntry, FoundTree, WalkOptions } from './build-context.ts';

export interface LayersOfContext {
  readonly paths: Paths;
  readonly host: HostFacts;
  /** "stage build", "the image alpine:3". */
  readonly label: string;
  /** "sha256:…" of the unpacked layers, the lowest first. */
  readonly diffIds: readonly string[];
  /** The build's own, which is removed at its end: for mount points. */
  readonly directory: string;
  /** What root file systems are made with. */
  readonly driver: () => Promise<DriverName>;
}

/** More places than this are read by one walk over all that is between them. */
const MOST_JOBS = 8;
/** Bytes of a hole that is hashed as the zeros that it stands for: file systems differ in where holes end. */
const HASHED_HOLE = 1 << 30;
/** What an entry costs, in bytes of data. */
const ENTRY_COST = 4096;

/** Nothing is mounted or read until it is asked for. */
export function layersContext(given: LayersOfContext): BuildContext {
  const directory = join(given.directory, `from-${randomBytes(8).toString('hex')}`);
  const parts = { ...given, directory };
  const failing = `cannot copy from ${parts.label}`;
  const walks = new Map<string, Promise<FoundTree | undefined>>();
  let prepared: Promise<Namespace> | undefined;
  const namespace = (): Promise<Namespace> => {
    prepared ??= mountedLayers(parts);
    return prepared;
  };
  const pack = async (path: string, flags: string, sink: TarSink, drain = async () => {}): Promise<void> => {
    await packFiles(await namespace(), ['pack', '/', `/${text(path)}`, text(path), flags], {
      sink,
      drain,
      failing,
    });
  };

  async function list(path: string): Promise<FoundTree | undefined> {
    const entries: FoundEntry[] = [];
    const sink = { entry: (entry: FoundEntry) => entries.push(entry), data: () => {}, hole: () => {} };
    try {
      await pack(path, 'follow,list', sink as TarSink);
    } catch (error) {
      if (error instanceof PodError && error.code === 'not-found') return undefined;
      throw error;
    }
    return { at: path, entries };
  }

  async function walk(path: string, { depth }: WalkOptions = {}): Promise<FoundTree | undefined> {
    let found = walks.get(path);
    if (!found) {
      found = list(path);
      walks.set(path, found);
    }
    const tree = await found;
    if (!tree || depth === undefined) return tree;
    const levels = (entry: ContextEntry): number => below(tree.at, entry.path).split('/').length;
    return {
      at: tree.at,
      entries: tree.entries.filter((entry) => entry.path === tree.at || levels(entry) <= depth),
    };
  }

  /** Where walks begin that find all entries: one, where most of what it finds is wanted (and hard links are seen). */
  async function startsOf(entries: readonly ContextEntry[]): Promise<string[]> {
    const tops = topsOf(entries);
    if (tops.length < 2) return tops;
    const common = commonDirectory(tops);
    const all = await walks.get(common);
    const isMost = all !== undefined && bytesOf(entries) * 2 > bytesOf(all.entries);
    return isMost || tops.length > MOST_JOBS ? [common] : tops;
  }

  async function read(
    entries: readonly ContextEntry[],
    sink: TarSink,
    drain: () => Promise<void>,
  ): Promise<void> {
    const chosen = choose(entries, sink);
    for (const start of await startsOf(entries)) await pack(start, 'follow', chosen, drain);
    await drain();
  }

  async function fingerprints(entries: readonly ContextEntry[]): Promise<string[]> {
    const found = new Map<string, string>();
    const hasher = hashingSink(found);
    await read(entries, hasher, async () => {});
    hasher.finish();
    return entries.map(({ path }) => found.get(path) ?? '');
  }

  return { label: parts.label, identity: parts.diffIds.join(' '), walk, fingerprints, read };
}

/** A plan is text: a name that is no UTF-8 can only be walked to from above. */
const text = (path: string): string => Buffer.from(path, 'latin1').toString();

/** What is below `top`, without it and the slash. */
const below = (top: string, path: string): string => (top === '' ? path : path.slice(top.length + 1));

/** The entries that are in no other one of them. */
function topsOf(entries: readonly ContextEntry[]): string[] {
  const tops: string[] = [];
  for (const { path } of entries) {
    const last = tops.at(-1);
    if (last === undefined || !(last === '' || path === last || path.startsWith(`${last}/`))) tops.push(path);
  }
  return tops;
}

/** The innermost directory that has them all, as far as one is. */
function commonDirectory(paths: readonly string[]): string {
  const parts = paths.map((path) => path.split('/'));
  const common: string[] = [];
  for (const [at, part] of parts[0]!.slice(0, -1).entries()) {
    if (!parts.every((other) => other[at] === part && other.length > at + 1)) break;
    common.push(part);
  }
  return common.join('/');
}

const bytesOf = (entries: readonly ContextEntry[]): number =>
  entries.reduce((sum, { size }) => sum + size + ENTRY_COST, 0);

/** Passes on what is wanted; a hard link to a file that isn't wanted becomes that file. */
function choose(entries: readonly ContextEntry[], sink: TarSink): TarSink {
  const wanted = new Map(entries.map((entry) => [entry.path, entry]));
  const named = new Map<string, string>();
  for (const { path, type, linkTarget } of entries)
    if (type === 'hardlink' && !wanted.has(linkTarget) && !named.has(linkTarget)) named.set(linkTarget, path);
  let passes = false;
  return {
    entry: (found) => {
      const alias = named.get(found.path);
      const takenBefore = found.type === 'hardlink' && named.get(found.linkTarget) === found.path;
      passes = alias !== undefined || (wanted.has(found.path) && !takenBefore);
      if (!passes) return;
      const linkTarget = named.get(found.linkTarget) ?? found.linkTarget;
      sink.entry(alias === undefined ? { ...found, linkTarget } : { ...found, path: alias });
    },
    data: (bytes) => void (passes && sink.data(bytes)),
    hole: (length) => void (passes && sink.hole(length)),
  };
}

/** Puts a text for each entry into `found`: of a file for its bytes, too. A hole of terabytes is told of, and not hashed. */
export function hashingSink(found: Map<string, string>): TarSink & { finish(): void } {
  let current: { path: string; hash: ReturnType<typeof createHash>; at: number; more: string } | undefined;
  const finish = (): void => {
    if (current) found.set(current.path, current.hash.digest('hex') + current.more);
    current = undefined;
  };
  return {
    entry: ({ path, type, linkTarget, xattrs }) => {
      finish();
      if (type === 'hardlink') found.set(path, found.get(linkTarget) ?? '');
      else if (type !== 'file') found.set(path, attributesText(xattrs));
      else current = { path, hash: createHash('sha256'), at: 0, more: attributesText(xattrs) };
    },
    data: (bytes) => {
      if (!current) return;
      current.hash.update(bytes);
      current.at += bytes.length;
    },
    hole: (length) => {
      if (!current) return;
      const { at, hash } = current;
      current.at += length;
      if (length > HASHED_HOLE) {
        current.more += `+${at}-${current.at}`;
        return;
      }
      for (const piece of zeros(length)) hash.update(piece);
    },
    finish,
  };
}

async function mountedLayers(parts: LayersOfContext): Promise<Namespace> {
  const { paths, host, directory } = parts;
  const [root, empty, copy] = [join(directory, 'root'), join(directory, 'empty'), join(directory, 'copy')];
  for (const one of [root, empty, copy]) mkdirSync(one, { recursive: true, mode: 0o755 });
  const lowers = visibleLayers(paths.layers, parts.diffIds)
    .map((diffId) => join(layerPath(paths, diffId), 'fs'))
    .reverse();
  const name = await parts.driver();
  const shift = ownerShift(host.defaultMaps, host.defaultMaps);
  const program = name === 'fuse-overlayfs' ? findProgram('fuse-overlayfs') : undefined;
  const maps = userNamespacePlan(host.defaultMaps);
  const whole = { lowers: [...lowers, empty], upper: '', work: '', copy };
  if (name === 'copy' && lowers.length > 0) {
    const jobs = copyPlan({ ...whole, lowers }, shift);
    for (const job of jobs) await enterAndDo({ launcher: launcherPath(), maps }, job);
  }
  // The overlay wants two layers at least.
  const [top = empty, ...rest] = whole.lowers;
  const mounted: Operation[] = readOnlyRootPlan(
    { name, reason: '', ...(program && { program }) },
    { ...whole, upper: top, lowers: rest.length === 0 ? [root] : rest },
    shift,
  );
  const at = [
    ['namespace', 'mount'],
    ['root-target', root],
  ];
  return { launcher: launcherPath(), maps: [...maps, ...at, ...mounted] };
}
