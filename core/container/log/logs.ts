import { PodError } from '../../error.ts';
import type { Paths } from '../../paths.ts';
import type { ContainerRecord } from '../record.ts';
import { containerState, isUp } from '../state.ts';
import {
  closeLogFiles,
  fileChange,
  type LogFile,
  openLogFiles,
  openNewerFiles,
  readOn,
} from './log-files.ts';
import { createLogParser, type LogFormat, type LogRecord } from './log-record.ts';
import { logPath } from './log-settings.ts';
import { seekTail } from './log-tail.ts';

export interface LogOptions {
  follow: boolean;
  /** Lines from the end; -1: all. */
  tail: number;
  /** Milliseconds since the epoch. */
  since?: number | undefined;
  until?: number | undefined;
}

/** How often a follower looks whether the container has ended, though no file changes then. */
const LOOK_AGAIN_MS = 200;

/**
 * A container's log, record by record. With `follow` it goes on until the container has ended and everything was read,
 * over rotations and restarts too, or until the time `until`.
 */
export async function* readLogs(
  paths: Paths,
  record: ContainerRecord,
  options: LogOptions,
): AsyncGenerator<LogRecord> {
  const { driver } = record.log;
  if (driver === 'k8s-file' || driver === 'json-file') yield* readFiles(paths, record, options, driver);
  else if (driver === 'journald') {
    const { readJournal } = await import('./log-journal.ts');
    yield* readJournal(record, options, () => isUp(containerState(paths, record).status));
  } else {
    throw new PodError({
      code: 'unsupported',
      message: `${record.name} keeps no log`,
      why: `its log driver is ${driver}`,
      hint: 'run it with --log-driver k8s-file',
    });
  }
}

function within({ since, until }: LogOptions, record: LogRecord): boolean {
  if (since === undefined && until === undefined) return true;
  const time = Date.parse(record.time);
  return (since === undefined || time >= since) && (until === undefined || time <= until);
}

/** A record ends with its file: each has a parser of its own. */
interface Reader {
  file: LogFile;
  parse: (bytes: Buffer) => LogRecord[];
}

async function* readFiles(
  paths: Paths,
  record: ContainerRecord,
  options: LogOptions,
  format: LogFormat,
): AsyncGenerator<LogRecord> {
  const { maxFiles } = record.log;
  const path = logPath(paths, record);
  const { until = Number.POSITIVE_INFINITY } = options;
  const readerOf = (file: LogFile): Reader => ({ file, parse: createLogParser(format) });
  function* read({ file, parse }: Reader): Generator<LogRecord> {
    for (const chunk of readOn(file)) for (const one of parse(chunk)) if (within(options, one)) yield one;
  }
  const first = openLogFiles(path, maxFiles);
  let readers = first.map(readerOf);
  try {
    if (options.tail >= 0) seekTail(first, format, options.tail, options);
    for (;;) {
      // Asked before reading: what it writes last is read in any case.
      const goesOn = options.follow && Date.now() < until && isUp(containerState(paths, record).status);
      for (const reader of readers) yield* read(reader);
      const last = readers.at(-1);
      const newer = options.follow ? openNewerFiles(path, maxFiles, last?.file) : [];
      if (newer.length > 0) {
        if (last) yield* read(last); // what came between its reading and its rotation
        closeLogFiles(readers.map(({ file }) => file));
        readers = newer.map(readerOf);
      } else if (goesOn) await fileChange(path, Math.min(LOOK_AGAIN_MS, Math.max(1, until - Date.now())));
      else return;
    }
  } finally {
    closeLogFiles(readers.map(({ file }) => file));
  }
}
