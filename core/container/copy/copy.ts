/** `cp`: from and to containers, whatever they are doing. Every path of a container is resolved inside its root. */

import { isAbsolute } from 'node:path';
import { layerOps } from '../../archive/layer-ops.ts';
import type { TarSink } from '../../archive/tar-parser.ts';
import { tarSink } from '../../archive/tar-sink.ts';
import { PodError } from '../../error.ts';
import { feedApply, startApply } from '../../images/unpack/apply-job.ts';
import type { Paths } from '../../paths.ts';
import { emitContainerEvent } from '../events.ts';
import type { HostFacts } from '../facts.ts';
import type { ContainerRecord } from '../record.ts';
import { findContainer } from '../store.ts';
import { type CopyDestination, destinationOf } from './copy-destination.ts';
import type { CopyEnd } from './copy-end.ts';
import { type ChangeEntry, ownedBy, ownersMoved, withoutSetId } from './copy-owners.ts';
import { type CopySource, fileSource, tarSource } from './copy-source.ts';
import { spooledApply } from './copy-spool.ts';
import { containerPlace, hostPlace, ownersNamespace, type Place } from './place.ts';

export interface CopyOptions {
  /** Owners are kept; else they become root in a container, and the user here. */
  archive: boolean;
  followLink: boolean;
  /** A directory may take the place of a file, and a file that of a directory. */
  overwrite: boolean;
}

export interface CopyContext {
  paths: Paths;
  host: HostFacts;
  /** Of `-`. */
  input: () => AsyncIterable<Uint8Array>;
  output: (bytes: Uint8Array) => void;
  notice: (text: string) => void;
}

interface Side {
  label: string;
  place: Place;
  path: string;
  record: ContainerRecord | undefined;
}

/** Copies, and gives how many bytes of files there were. */
export async function copyFiles(
  from: CopyEnd,
  to: CopyEnd,
  options: CopyOptions,
  context: CopyContext,
): Promise<number> {
  if (from.kind !== 'container' && to.kind !== 'container')
    throw new PodError({
      code: 'usage',
      message: 'cannot copy: one of both must be in a container',
      hint: 'tsc-pod cp CONTAINER:PATH PATH   # or the other way round; ./a:b is a file here',
    });
  const origin = from.kind === 'stream' ? undefined : sideOf(from, options, context);
  const source = origin
    ? await fileSource({ ...origin, follow: options.followLink })
    : tarSource(context.input());
  const target = to.kind === 'stream' ? undefined : sideOf(to, options, context);
  const bytes = await (target
    ? toFiles(source, { origin, target }, options, context)
    : toTar(source, context));
  if (origin?.record) emitContainerEvent(context.paths, origin.record, 'archive-path', { path: origin.path });
  if (target?.record)
    emitContainerEvent(context.paths, target.record, 'extract-to-dir', { path: target.path });
  return bytes;
}

function sideOf(end: Exclude<CopyEnd, { kind: 'stream' }>, options: CopyOptions, context: CopyContext): Side {
  const { paths, host } = context;
  if (end.kind === 'container') {
    const record = findContainer(paths, end.container);
    const place = containerPlace({ paths, host, record });
    return { label: `${end.container}:${end.path}`, place, path: end.path, record };
  }
  // Not normalized: what `dir/.` and `link/..` mean is seen later, and by the kernel.
  const path = isAbsolute(end.path) ? end.path : `${process.cwd()}/${end.path}`;
  const place = options.archive ? () => ownersNamespace(host) : hostPlace;
  return { label: end.path, place, path, record: undefined };
}

function changeOf(
  from: Side | undefined,
  to: Side,
  { archive }: CopyOptions,
  { host }: CopyContext,
): ChangeEntry {
  const toHost = to.record === undefined;
  const safe: ChangeEntry = toHost ? withoutSetId : (entry) => entry;
  if (!from) return safe; // an archive says who owns what
  const mapsOf = (side: Side) => side.record?.maps ?? host.defaultMaps;
  const owners = archive
    ? ownersMoved(mapsOf(from), mapsOf(to))
    : toHost
      ? ownedBy(process.geteuid!(), process.getegid!())
      : ownedBy(0, 0);
  return (entry) => safe(owners(entry));
}

/** Counts the bytes of files on their way. */
function counted(sink: TarSink, count: (bytes: number) => void): TarSink {
  return {
    entry: (entry) => {
      count(entry.size);
      sink.entry(entry);
    },
    data: (bytes) => sink.data(bytes),
    hole: (length) => sink.hole(length),
  };
}

async function toTar(source: CopySource, context: CopyContext): Promise<number> {
  let size = 0;
  const tar = tarSink(context.output);
  const sink = counted(tar, (bytes) => {
    size += bytes;
  });
  const notices = await source.read(sink, async () => {}, source.contents ? '' : source.name);
  tar.finish();
  notices.forEach(context.notice);
  return size;
}

async function toFiles(
  source: CopySource,
  { origin, target }: { origin: Side | undefined; target: Side },
  options: CopyOptions,
  context: CopyContext,
): Promise<number> {
  const change = changeOf(origin, target, options, context);
  const { directory, name }: CopyDestination = await destinationOf(target, source);
  const failing = `cannot copy ${source.label} to ${target.label}`;
  const words = ['apply', '/', directory, options.overwrite ? '-' : 'kinds'];
  const start = () => startApply(target.place(), words, failing);
  const within = origin?.record !== undefined && origin.record.id === target.record?.id;
  const job = within ? spooledApply(context.paths, start) : start();
  let size = 0;
  let notices: string[] = [];
  const told = await feedApply(job, async (ops, send) => {
    const layer = layerOps(ops, { literal: true });
    const sink: TarSink = {
      ...layer,
      entry: (entry) => {
        size += entry.size;
        // A directory that was there keeps its owner and mode.
        if (entry.path !== '' && entry.path !== './' && entry.path !== '.') layer.entry(change(entry));
      },
    };
    notices = await source.read(sink, send, name ?? '');
    layer.finish();
  }).catch((error: unknown) => {
    throw readOnlyTold(error, target);
  });
  for (const text of [...notices, ...told]) context.notice(text);
  return size;
}

function readOnlyTold(error: unknown, target: Side): unknown {
  if (!(error instanceof PodError) || !error.why?.endsWith('Read-only file system')) return error;
  const { message, why } = error;
  const hint = target.record
    ? 'the container was made with --read-only, or the volume is mounted read-only'
    : 'the file system here is read-only';
  return new PodError({ code: 'denied', message, why, hint, cause: error });
}
