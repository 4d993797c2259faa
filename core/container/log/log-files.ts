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
 * The log's files, the oldest first; the last is the one that grows. They are opened the other way round: a rotation
 * in between makes names move up, so that a file is met twice rather than never.
 */
export function openLogFiles(path: string, maxFiles: number): LogFile[] {
  const files = new Map<number, LogFile>();
  for (let number = 0; number < maxFiles; number++) {
    const fd = open(number === 0 ? path : `${path}.${number}`);
    if (fd === undefined) continue;
    const { ino } = fstatSync(fd);
    if (files.has(ino)) closeSync(fd);
    else files.set(ino, { fd, ino, position: 0 });
  }
  return [...files.values()].reverse();
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
