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

/** The log's files as descriptors, the oldest first; the last is the one that grows. */
function openFiles(path: string, maxFiles: number): number[] {
  const files: number[] = [];
  for (let number = maxFiles - 1; number >= 1; number--) {
    const fd = open(`${path}.${number}`);
    if (fd !== undefined) files.push(fd);
  }
  const current = open(path);
  if (current !== undefined) files.push(current);
  return files;
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
  const files = openFiles(path, maxFiles);
  let current = files.pop();
  const parse = createLogParser(driver satisfies LogFormat);
  try {
    if (options.tail >= 0) {
      let kept: LogRecord[] = [];
      for (const fd of current === undefined ? files : [...files, current])
        for (const chunk of readToEnd(fd))
          kept = lastLines([...kept, ...parse(chunk).filter((one) => within(options, one))], options.tail);
      yield* options.tail === 0 ? [] : kept;
    } else {
      for (const fd of current === undefined ? files : [...files, current])
        for (const chunk of readToEnd(fd))
          for (const one of parse(chunk)) if (within(options, one)) yield one;
    }
    while (options.follow) {
      const running = containerState(paths, record).status === 'running';
      if (current === undefined) current = open(path);
      for (const chunk of current === undefined ? [] : readToEnd(current))
        for (const one of parse(chunk)) if (within(options, one)) yield one;
      const replacement = current === undefined ? undefined : reopen(path, current);
      if (replacement !== undefined) {
        for (const chunk of readToEnd(current!)) yield* parse(chunk);
        closeSync(current!);
        current = replacement;
      } else if (!running) return;
      else await change(path);
    }
  } finally {
    for (const fd of files) closeSync(fd);
    if (current !== undefined) closeSync(current);
  }
}

/** The log's file, opened anew, if it isn't the one that is open: it was rotated. */
function reopen(path: string, current: number): number | undefined {
  const fd = open(path);
  if (fd === undefined) return undefined;
  if (fstatSync(fd).ino !== fstatSync(current).ino) return fd;
  closeSync(fd);
  return undefined;
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
