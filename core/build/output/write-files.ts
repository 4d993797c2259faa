/** The files of a result, without an image around them: `--output type=local` and `type=tar`. */

import { mkdirSync, openSync } from 'node:fs';
import { resolve } from 'node:path';
import { layerOps } from '../../archive/layer-ops.ts';
import { tarSink } from '../../archive/tar-sink.ts';
import { writeWhole } from '../../aside.ts';
import { ownedBy, withoutSetId } from '../../container/copy/copy-owners.ts';
import { hostPlace } from '../../container/copy/place.ts';
import { errnoOf, PodError } from '../../error.ts';
import type { Write } from '../../images/archive/tar-output.ts';
import { feedApply, startApply } from '../../images/unpack/apply-job.ts';
import type { BuildContext, ContextEntry } from '../context/build-context.ts';

/** Into a directory, as the user's own files: what is there and not in the result stays. Gives notices. */
export async function writeLocal(files: BuildContext, destination: string): Promise<string[]> {
  makeDirectory(destination);
  const failing = `cannot write to ${destination}`;
  const job = startApply(hostPlace(), ['apply', destination, '/', 'kinds'], failing);
  const own = ownedBy(process.geteuid!(), process.getegid!());
  return feedApply(job, async (ops, send) => {
    const layer = layerOps(ops, { literal: true });
    await files.read(
      await resultEntries(files),
      { ...layer, entry: (entry) => layer.entry(withoutSetId(own(entry))) },
      send,
    );
    layer.finish();
  });
}

/** Down a stream, with owners and attributes. */
export async function writeTar(files: BuildContext, write: Write): Promise<void> {
  let pieces: Uint8Array[] = [];
  const tar = tarSink((bytes) => void pieces.push(bytes));
  const drain = async (): Promise<void> => {
    const ready = pieces;
    pieces = [];
    for (const piece of ready) await write(piece);
  };
  await files.read(await resultEntries(files), tar, drain);
  tar.finish();
  await drain();
}

/** Into a file, which has its name when it is whole. */
export function writeTarFile(files: BuildContext, path: string): Promise<void> {
  return writeWhole(
    path,
    (emit) => writeTar(files, async (bytes) => emit(bytes)),
    (file, flags) => openFile(file, flags, path),
  );
}

export const placeOfOutput = (destination: string, workingDirectory: string): string =>
  resolve(workingDirectory, destination);

/** All but the root itself: a destination is there, and keeps its owner and mode. */
async function resultEntries(files: BuildContext): Promise<readonly ContextEntry[]> {
  return (await files.walk(''))?.entries.filter(({ path }) => path !== '') ?? [];
}

function makeDirectory(path: string): void {
  try {
    mkdirSync(path, { recursive: true });
  } catch (error) {
    throw unwritable(path, error);
  }
}

function openFile(made: string, flags: string, path: string): number {
  try {
    return openSync(made, flags, 0o644);
  } catch (error) {
    throw unwritable(path, error);
  }
}

const REASONS: Record<string, string> = {
  EACCES: 'you may not write there',
  EPERM: 'you may not write there',
  EROFS: 'the file system is read-only',
  EEXIST: 'something else is there',
  ENOTDIR: 'something else is there',
  EISDIR: 'it is a directory',
  ENOENT: 'there is no such directory',
};

/** The error for a place that can't be written, or what it was caused by where that is nobody's mistake. */
export function unwritable(path: string, cause: unknown): unknown {
  const why = REASONS[errnoOf(cause) ?? ''];
  return why ? new PodError({ code: 'denied', message: `cannot write ${path}`, why, cause }) : cause;
}
