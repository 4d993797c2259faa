import { renameSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf } from './error.ts';

/**
 * What one of many has at a time, a name or an address: a directory with one file, whose name is the id of who has it.
 * rename(2) puts it there, which replaces an empty directory and no other: one of many wins. And who takes it from an id
 * removes the file of that very id, so that nobody can take it from the next one by mistake.
 */

/** Moves the directory `draft` there. False: somebody has it. */
export function reserve(draft: string, place: string): boolean {
  try {
    renameSync(draft, place);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'ENOTEMPTY' || errnoOf(error) === 'EEXIST') return false;
    throw error;
  }
}

export function release(place: string, id: string): void {
  rmSync(join(place, id), { force: true });
  removeEmpty(place);
}

/** What who was killed while it gave it back has left. */
export function removeEmpty(place: string): void {
  try {
    rmdirSync(place);
  } catch {
    // Somebody has it again, or has removed it.
  }
}
