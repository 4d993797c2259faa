import { closeSync, fstatSync, openSync, readSync, watch } from 'node:fs';
import { errnoOf } from '../../error.ts';

/** One file of a log, as it was opened: rotation renames it, and it stays readable. */
export interface LogFile {
  fd: number;
  ino: number;
  /** From where on it is to be read. */
  position: number;
}

const CHUNK = 64 << 10;

function open(path: string): number | undefined {
  try {
    return openSync(path, 'r');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * Files in the order of their age, the oldest first, each once. `met`: as they were met from the youngest name to the
 * oldest while rotations moved them up, so that one is met twice rather than never. Where it was met last is its
 * place, since younger ones may have overtaken the search; what has lost its name meanwhile was the oldest.
 */
export function byAge<T extends { ino: number; nlink: number }>(met: readonly T[]): T[] {
  const last = new Map<number, T>();
  for (const file of met) {
    last.delete(file.ino);
    last.set(file.ino, file);
  }
  const files = [...last.values()].reverse();
  return [...files.filter(({ nlink }) => nlink === 0), ...files.filter(({ nlink }) => nlink > 0)];
}

/** The log's files, the oldest first; the last is the one that grows. */
export function openLogFiles(path: string, maxFiles: number): LogFile[] {
  const names = Array.from({ length: maxFiles }, (_, number) => (number === 0 ? path : `${path}.${number}`));
  const fds = names.map(open).filter((fd) => fd !== undefined);
  const files = byAge(fds.map((fd) => Object.assign(fstatSync(fd), { fd })));
  const kept = new Set(files.map(({ fd }) => fd));
  for (const fd of fds) if (!kept.has(fd)) closeSync(fd);
  return files.map(({ fd, ino }) => ({ fd, ino, position: 0 }));
}

/** What has come since `last` was the file that grows, the oldest first. */
export function openNewerFiles(path: string, maxFiles: number, last: LogFile | undefined): LogFile[] {
  const files = openLogFiles(path, maxFiles);
  const at = files.findIndex(({ ino }) => ino === last?.ino);
  closeLogFiles(files.slice(0, at + 1));
  return files.slice(at + 1);
}

export function closeLogFiles(files: readonly LogFile[]): void {
  for (const { fd } of files) closeSync(fd);
}

/** What is behind the file's position, which moves along. */
export function* readOn(file: LogFile): Generator<Buffer> {
  for (;;) {
    const chunk = Buffer.allocUnsafe(CHUNK);
    const length = readSync(file.fd, chunk, 0, CHUNK, file.position);
    if (length === 0) return;
    file.position += length;
    yield chunk.subarray(0, length);
  }
}

/** Resolves when the file changes, or after some milliseconds. */
export function fileChange(path: string, milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    let watcher: ReturnType<typeof watch> | undefined;
    const done = () => {
      clearTimeout(timer);
      watcher?.close();
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    try {
      watcher = watch(path, done);
      watcher.on('error', done);
    } catch {
      // Rotated away just now, or no inotify instance left: the timer does.
    }
  });
}
