import { closeSync, fstatSync, openSync, readSync, watch } from 'node:fs';
import { join } from 'node:path';
import { errnoOf, PodError } from '../error.ts';
import type { Paths } from '../paths.ts';
import { createLogParser, type LogFormat, type LogRecord } from './log-record.ts';
import type { ContainerRecord } from './record.ts';
import { containerState } from './state.ts';
import { containerDirectory } from './store.ts';

export interface LogOptions {
  follow: boolean;
  /** Lines from the end; -1: all. */
  tail: number;
  /** Milliseconds since the epoch. */
  since?: number | undefined;
  until?: number | undefined;
}

const CHUNK = 64 << 10;
/** How often a follower looks whether the container has ended, though no file changes then. */
const LOOK_AGAIN_MS = 200;

function open(path: string): number | undefined {
  try {
    return openSync(path, 'r');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function* readToEnd(fd: number): Generator<Buffer> {
  for (;;) {
    const chunk = Buffer.allocUnsafe(CHUNK);
    const length = readSync(fd, chunk);
    if (length === 0) return;
    yield chunk.subarray(0, length);
  }
}

/**
 * The log's files as descriptors, the oldest first; the last is the one that grows. They are opened the other way
 * round: a rotation in between makes names move up, so that a file is met twice rather than never.
 */
function openFiles(path: string, maxFiles: number): number[] {
  const files = new Map<number, number>();
  for (let number = 0; number < maxFiles; number++) {
    const fd = open(number === 0 ? path : `${path}.${number}`);
    if (fd === undefined) continue;
    const { ino } = fstatSync(fd);
    if (files.has(ino)) closeSync(fd);
    else files.set(ino, fd);
  }
  return [...files.values()].reverse();
}

function within({ since, until }: LogOptions, record: LogRecord): boolean {
  if (since === undefined && until === undefined) return true;
  const time = Date.parse(record.time);
  return (since === undefined || time >= since) && (until === undefined || time <= until);
}

/** Keeps the records of the last `count` lines; a line may have several. */
function lastLines(records: LogRecord[], count: number): LogRecord[] {
  let lines = 0;
  for (let at = records.length - 1; at >= 0; at--) {
    if (records[at]!.ended || at === records.length - 1) lines++;
    if (lines > count) return records.slice(at + 1);
  }
  return records;
}

/**
 * A container's log, record by record. With `follow` it goes on until the container has ended and everything was read,
 * over rotations too.
 */
export async function* readLogs(
  paths: Paths,
  record: ContainerRecord,
  options: LogOptions,
): AsyncGenerator<LogRecord> {
  const { driver, maxFiles } = record.log;
  if (driver !== 'k8s-file' && driver !== 'json-file') {
    throw new PodError({
      code: 'unsupported',
      message: `${record.name} keeps no log`,
      why: `its log driver is ${driver}`,
      hint: 'run it with --log-driver k8s-file',
    });
  }
  const path = join(containerDirectory(paths, record.id), 'log');
  let files = openFiles(path, maxFiles);
  const parse = createLogParser(driver satisfies LogFormat);
  function* read(fd: number): Generator<LogRecord> {
    for (const chunk of readToEnd(fd)) for (const one of parse(chunk)) if (within(options, one)) yield one;
  }
  try {
    if (options.tail >= 0) {
      let kept: LogRecord[] = [];
      for (const fd of files)
        for (const chunk of readToEnd(fd))
          kept = lastLines([...kept, ...parse(chunk).filter((one) => within(options, one))], options.tail);
      yield* options.tail === 0 ? [] : kept;
    }
    for (;;) {
      // Asked before reading: what it writes last is read in any case.
      const running = options.follow && containerState(paths, record).status === 'running';
      for (const fd of files) yield* read(fd);
      const newer = options.follow ? openNewer(path, maxFiles, files.at(-1)) : [];
      if (newer.length > 0) {
        if (files.length > 0) yield* read(files.at(-1)!);
        for (const fd of files) closeSync(fd);
        files = newer;
      } else if (!running) return;
      else await change(path);
    }
  } finally {
    for (const fd of files) closeSync(fd);
  }
}

/** What has come since `last` was the file that grows, the oldest first. */
function openNewer(path: string, maxFiles: number, last: number | undefined): number[] {
  const files = openFiles(path, maxFiles);
  const ino = last === undefined ? undefined : fstatSync(last).ino;
  const at = files.findIndex((fd) => fstatSync(fd).ino === ino);
  for (const fd of files.slice(0, at + 1)) closeSync(fd);
  return files.slice(at + 1);
}

/** Resolves when the file changes, or after a moment. */
function change(path: string): Promise<void> {
  return new Promise((resolve) => {
    let watcher: ReturnType<typeof watch> | undefined;
    const done = () => {
      clearTimeout(timer);
      watcher?.close();
      resolve();
    };
    const timer = setTimeout(done, LOOK_AGAIN_MS);
    try {
      watcher = watch(path, done);
      watcher.on('error', done);
    } catch {
      // Rotated away just now, or no inotify instance left: the timer does.
    }
  });
}
