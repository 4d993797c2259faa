import { randomBytes } from 'node:crypto';
import { mkdirSync, renameSync } from 'node:fs';
import { basename, join } from 'node:path';
import { errnoOf, PodError } from '../error.ts';
import type { Paths } from '../paths.ts';
import { writeFile } from '../write-file.ts';

/** Something in the store that is not as it should be. */
export interface Finding {
  /** What kind of object: image, blob, layer, container, name, volume … */
  type: string;
  id: string;
  problem: string;
  /** What --repair does about it. */
  repair: string;
  /** Does that, to this one object. Throws where it can't. */
  mend: () => void | Promise<void>;
}

function lostAndFound(paths: Paths): string {
  return join(paths.data, 'lost+found');
}

function placeAside(paths: Paths, name: string): string {
  const directory = lostAndFound(paths);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  return join(directory, `${name}-${randomBytes(4).toString('hex')}`);
}

/** Out of the way, but not gone: somebody may want what is left of it. */
export function moveAside(paths: Paths, path: string, type: string): void {
  const target = placeAside(paths, `${type}-${basename(path).slice(0, 80)}`);
  try {
    renameSync(path, target);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
  }
}

/** Keeps what is taken out of a file that stays. */
export function keepAside(paths: Paths, type: string, text: string): void {
  writeFile(placeAside(paths, type), text, { mode: 0o600 });
}

/** Why something can't be read, in a few words. */
export function reasonOf(error: unknown): string {
  if (error instanceof SyntaxError || (error as PodError)?.cause instanceof SyntaxError)
    return 'it is not JSON';
  if (error instanceof PodError) return error.why ?? error.message;
  const errno = errnoOf(error);
  return errno === 'ENOENT' ? 'it is missing' : (errno ?? String(error));
}
