import { closeSync, fstatSync, ftruncateSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { errnoOf } from '../error.ts';
import { writeFile } from '../write-file.ts';

const BYTES_MAX = 65536; // a container may write what it likes into its files

/**
 * Changes a file that containers have mounted, while they run: in place, and in one write, so that no reader sees less
 * than a whole text. `edit` gets undefined for what is too large, or isn't the user's to change any more: the former is
 * written over, the latter made anew. What `edit` gives undefined for stays as it is, and so does what isn't there: the
 * image's own.
 */
export function editInPlace(file: string, edit: (before: string | undefined) => string | undefined): void {
  let fd: number;
  try {
    fd = openSync(file, 'r+');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return;
    if (errnoOf(error) !== 'EACCES') throw error;
    const text = edit(undefined);
    if (text === undefined) return;
    rmSync(file);
    writeFile(file, text, { mode: 0o644 });
    return;
  }
  try {
    const before = fstatSync(fd).size > BYTES_MAX ? undefined : readFileSync(fd, 'utf8');
    const text = edit(before);
    if (text !== undefined && text !== before) ftruncateSync(fd, writeSync(fd, text, 0));
  } finally {
    closeSync(fd);
  }
}
