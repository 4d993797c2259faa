/**
 * Fingerprints of a folder's files from one build to the next, so that a large context isn't read again. A file is the
 * same when device, inode, size and both times are: the kernel sets ctime at each change, and no program can set it
 * back. One that was changed a moment before it was read isn't remembered: a change within the same tick of the kernel's
 * clock could not be seen.
 */

import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { asidePath, collectAside } from '../../aside.ts';
import type { FingerprintMemory } from './folder.ts';
import type { HostFile } from './host-file.ts';

const FORMAT = 'fingerprints 2';
/** Nanoseconds. File systems of other machines keep whole seconds. */
const TOO_YOUNG = 2_000_000_000n;

const keyOf = ({ identity: { dev, ino, size, mtimeNs, ctimeNs } }: HostFile): string =>
  `${dev}:${ino}:${size}:${mtimeNs}:${ctimeNs}`;

export interface KeptMemory extends FingerprintMemory {
  /** Writes it down. `whole`: all files were asked for; what wasn't is forgotten. */
  keep(whole: boolean): void;
}

/** `directory`: where all folders' memories are; one that can't be read or written is none. */
export function fingerprintMemory(directory: string, folder: string): KeptMemory {
  const file = join(directory, createHash('sha256').update(folder).digest('hex'));
  let old: Map<string, string> | undefined;
  const now = new Map<string, string>();
  let changed = false;
  return {
    get: (found) => {
      old ??= readMemory(file);
      const key = keyOf(found);
      const text = old.get(key);
      if (text !== undefined) now.set(key, text);
      return text;
    },
    set: (found, text) => {
      if (BigInt(Date.now()) * 1_000_000n - found.identity.ctimeNs < TOO_YOUNG) return;
      now.set(keyOf(found), text);
      changed = true;
    },
    keep: (whole) => {
      if (changed) writeMemory(directory, file, whole ? now : new Map([...(old ?? []), ...now]));
      changed = false;
    },
  };
}

function readMemory(file: string): Map<string, string> {
  const found = new Map<string, string>();
  try {
    const [first, ...lines] = readFileSync(file, 'latin1').split('\n');
    if (first !== FORMAT) return found;
    for (const line of lines) {
      const space = line.indexOf(' ');
      if (space > 0) found.set(line.slice(0, space), line.slice(space + 1));
    }
  } catch {
    // None yet.
  }
  return found;
}

function writeMemory(directory: string, file: string, now: ReadonlyMap<string, string>): void {
  const aside = asidePath(file);
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    collectAside(file);
    writeFileSync(aside, [FORMAT, ...[...now].map(([key, text]) => `${key} ${text}`), ''].join('\n'), {
      mode: 0o600,
    });
    renameSync(aside, file);
  } catch {
    removeAside(aside);
  }
}

function removeAside(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // There is no such place.
  }
}
