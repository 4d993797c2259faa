/** Where a copy goes, by docker's rules: `docker cp --help`, "DESCRIPTION" of docker-container-cp(1). */

import { posix } from 'node:path';
import { PodError } from '../../error.ts';
import { assertsDirectory, trimmed } from './copy-end.ts';
import type { CopySource } from './copy-source.ts';
import { lookAt } from './pack-job.ts';
import type { Place } from './place.ts';

export interface CopyDestination {
  /** A directory that is there; the links to it are followed. */
  directory: string;
  /** What the source is called in it; undefined: what is in the source goes straight into the directory. */
  name: string | undefined;
}

export interface DestinationWish {
  label: string;
  place: Place;
  path: string;
}

const LINKS_MAX = 40; // the kernel's own limit, path_resolution(7)

function refused(source: CopySource, { label }: DestinationWish, why: string, hint?: string): PodError {
  const message = `cannot copy ${source.label} to ${label}`;
  return new PodError({ code: 'conflict', message, why, hint });
}

export async function destinationOf(wish: DestinationWish, source: CopySource): Promise<CopyDestination> {
  const { place, path, label } = wish;
  const failing = `cannot copy to ${label}`;
  const whole = trimmed(path);
  const there = await lookAt(place, whole, true, failing);
  if (there?.type === 'directory')
    return { directory: whole, name: source.contents ? undefined : source.name || undefined };
  if (source.label === 'standard input') throw refused(source, wish, 'it is not a directory that exists');
  if (there && assertsDirectory(path)) throw refused(source, wish, 'it is not a directory');
  if (there && source.directory) throw refused(source, wish, 'a directory cannot take the place of a file');
  if (!there && assertsDirectory(path) && !source.directory)
    throw refused(source, wish, 'the directory does not exist');
  const end = await behindLinks(place, whole, failing);
  const directory = posix.dirname(end);
  const parent = await lookAt(place, directory, true, failing);
  if (parent?.type !== 'directory') throw refused(source, wish, `there is no directory ${directory}`);
  return { directory, name: posix.basename(end) };
}

/** Where the links at the end of a path lead: a file is written there, as a program that opens the path would. */
async function behindLinks(place: Place, path: string, failing: string): Promise<string> {
  let at = path;
  for (let links = 0; links < LINKS_MAX; links++) {
    const found = await lookAt(place, at, false, failing);
    if (found?.type !== 'symlink') return at;
    const target = Buffer.from(found.linkTarget, 'latin1').toString();
    at = trimmed(target.startsWith('/') ? target : `${posix.dirname(at)}/${target}`);
  }
  throw new PodError({ code: 'invalid', message: failing, why: 'too many symbolic links' });
}
