/** Whether a download fits on the disk, before it begins. */

import { existsSync, statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { PodError } from '../../error.ts';

/** "1.5 GB", in decimal units as Docker prints them. */
function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 ? value : value.toPrecision(3)} ${units[unit]}`;
}

/** Throws PodError `no-space` when the file system of `folder` has fewer than `needed` bytes for this user. */
export function requireSpace(folder: string, needed: number, message: string): void {
  let existing = folder;
  while (!existsSync(existing) && dirname(existing) !== existing) existing = dirname(existing);
  const { bavail, bsize } = statfsSync(existing);
  const free = bavail * bsize;
  if (needed <= free) return;
  throw new PodError({
    code: 'no-space',
    message,
    why: `it needs at least ${formatBytes(needed)}, and ${existing} has ${formatBytes(free)}`,
    hint: 'free some space: tsc-pod system prune, or use another disk with --root DIR',
  });
}
