/**
 * A file that is made beside where it is to be, and has its name only when it is whole. Its own name tells who makes
 * it: so what a killed process has left is found and removed by the next one that makes the same file.
 */

import { createHash } from 'node:crypto';
import {
  closeSync,
  openSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { bootId, identify, isSameProcess } from './container/process-identity.ts';
import { naming } from './error.ts';
import { writeBytes } from './write-file.ts';

/** What another machine or pid namespace makes is left alone for so long after it was last written. */
const ELSEWHERE_MS = 3_600_000;

let made = 0;

/** Process numbers mean something in one pid namespace only, and until the machine starts again. */
function place(): string {
  return createHash('sha256')
    .update(bootId() + readlinkSync('/proc/self/ns/pid'))
    .digest('hex')
    .slice(0, 8);
}

/** Another name at each call: `PATH.xxxxxxxx-PID-START-COUNT.partial`. */
export function asidePath(path: string): string {
  const { pid, start } = identify(process.pid);
  return `${path}.${place()}-${pid}-${start}-${made++}.partial`;
}

/** What processes that are gone have left beside `path`. */
export function abandonedAsides(path: string): string[] {
  const directory = dirname(path);
  const here = place();
  return asidesOf(directory, basename(path)).flatMap(({ name, found }) => {
    const [, where, pid, start] = found;
    const file = join(directory, name);
    const isMade = where === here ? isSameProcess({ pid: Number(pid), start: start! }) : !isOld(file);
    return isMade ? [] : [file];
  });
}

/** Removes it. What can't be looked at or removed stays. */
export function collectAside(path: string): void {
  for (const file of abandonedAsides(path)) {
    try {
      rmSync(file, { force: true });
    } catch {
      // another user's
    }
  }
}

/**
 * Writes a file, which has its name when it is whole. What is no plain file, /dev/stdout or a pipe, is written as it is.
 * `open` gives the descriptor of the one or the other.
 */
export async function writeWhole(
  path: string,
  write: (emit: (bytes: Uint8Array) => void) => Promise<void>,
  open = (file: string, flags: 'wx' | 'w'): number => openSync(file, flags, 0o644),
): Promise<void> {
  const plain = statSync(path, { throwIfNoEntry: false })?.isFile() ?? true;
  if (plain) collectAside(path);
  const file = plain ? asidePath(path) : path;
  const fd = open(file, plain ? 'wx' : 'w');
  try {
    await write((bytes) => writeBytes(fd, path, bytes));
    if (plain) renameSync(file, path);
  } catch (error) {
    if (plain) rmSync(file, { force: true });
    throw error;
  } finally {
    closeSync(fd);
  }
}

/** A file as it was, or as it is to be: never in between, whatever is killed or loses power. Errors name `path`. */
export function replaceFile(path: string, text: string, mode = 0o600): void {
  collectAside(path);
  const aside = asidePath(path);
  try {
    naming(path, () => writeFileSync(aside, text, { mode, flag: 'wx', flush: true }));
    renameSync(aside, path);
  } catch (error) {
    rmSync(aside, { force: true });
    throw error;
  }
}

function asidesOf(directory: string, name: string): { name: string; found: RegExpExecArray }[] {
  let names: string[];
  try {
    names = readdirSync(directory);
  } catch {
    return [];
  }
  return names
    .filter((one) => one.startsWith(`${name}.`))
    .map((one) => ({ name: one, rest: one.slice(name.length) }))
    .map((one) => ({ ...one, found: /^\.([0-9a-f]{8})-(\d+)-(\d+)-\d+\.partial$/.exec(one.rest) }))
    .filter((one): one is typeof one & { found: RegExpExecArray } => one.found !== null);
}

function isOld(file: string): boolean {
  const about = statSync(file, { throwIfNoEntry: false });
  return about !== undefined && Date.now() - about.mtimeMs > ELSEWHERE_MS;
}
