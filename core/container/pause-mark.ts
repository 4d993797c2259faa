import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf } from '../error.ts';
import { writeFile } from '../write-file.ts';
import type { ProcessIdentity } from './process-identity.ts';

/**
 * RUNTIME/paused: that a container is paused, and how. It is there before anything is stopped, so that a pause that was
 * killed half-way can be undone; and it names the first process, so that one of an earlier start says nothing.
 */
export interface PauseMark {
  process: ProcessIdentity;
  /** The cgroup that is frozen; undefined: the processes were stopped by a signal. */
  group?: string | undefined;
  /** Those that had been stopped before by somebody else: they stay so. */
  stopped: ProcessIdentity[];
}

const fileOf = (runtime: string): string => join(runtime, 'paused');

/** The mark in a runtime directory, if it is about this process. */
export function readPauseMark(runtime: string, process: ProcessIdentity): PauseMark | undefined {
  if (!existsSync(fileOf(runtime))) return undefined; // `ps` asks of each: an error takes longer to make
  let mark: PauseMark;
  try {
    mark = JSON.parse(readFileSync(fileOf(runtime), 'utf8')) as PauseMark;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || error instanceof SyntaxError) return undefined;
    throw error;
  }
  return mark.process.pid === process.pid && mark.process.start === process.start ? mark : undefined;
}

export function writePauseMark(runtime: string, mark: PauseMark): void {
  writeFile(fileOf(runtime), JSON.stringify(mark), { mode: 0o600 });
}

export function removePauseMark(runtime: string): void {
  rmSync(fileOf(runtime), { force: true });
}
