import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { errnoOf } from '../error.ts';
import { EVENTS_MAX_FILES, eventsFile } from '../events.ts';
import type { Paths } from '../paths.ts';

const CHUNK = 64 << 10;
/** No event is longer; what is, is no line of ours. */
const LINE_MAX = 256 << 10;

interface LogFile {
  fd: number;
  /** Bytes that were read. */
  at: number;
  /** The beginning of a line whose end hasn't been written yet. */
  rest: Buffer;
}

export interface EventLines {
  /** The whole lines that are new since the last call, from the oldest file to the one that grows. */
  next(): Generator<string>;
  /** Counts what is there as read. */
  skip(): void;
  close(): void;
}

/**
 * The log's files, each read once however it is called: a file is known by its inode, and stays open until it has no
 * name any more. A writer that was slow may still add to one that was moved aside: it is looked at as long as it is there.
 */
export function openEventLines(paths: Pick<Paths, 'data'>): EventLines {
  const path = eventsFile(paths);
  const names = Array.from({ length: EVENTS_MAX_FILES }, (_, number) =>
    number ? `${path}.${number}` : path,
  );
  let files = new Map<number, LogFile>();

  /** Opened from the newest to the oldest: what a rotation moves in between is met twice, and its last place counts. */
  function look(): Map<number, LogFile> {
    const seen = new Map<number, LogFile>();
    for (const name of names) {
      const fd = open(name);
      if (fd === undefined) continue;
      const { ino } = fstatSync(fd);
      const known = files.get(ino) ?? seen.get(ino);
      if (known) closeSync(fd);
      seen.delete(ino);
      seen.set(ino, known ?? { fd, at: 0, rest: Buffer.alloc(0) });
    }
    return seen;
  }

  /** Files that lost their last name are read to their end, and closed. */
  function* next(): Generator<string> {
    const seen = look();
    const gone = [...files].filter(([ino]) => !seen.has(ino)).map(([, file]) => file);
    files = seen;
    for (const file of [...gone, ...[...seen.values()].reverse()]) yield* readLines(file);
    for (const { fd } of gone) closeSync(fd);
  }

  function skip(): void {
    files = look();
    for (const file of files.values()) file.at = fstatSync(file.fd).size;
  }

  return {
    next,
    skip,
    close: () => {
      for (const { fd } of files.values()) closeSync(fd);
      files.clear();
    },
  };
}

function open(path: string): number | undefined {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  try {
    return openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function* readLines(file: LogFile): Generator<string> {
  for (;;) {
    const chunk = Buffer.allocUnsafe(CHUNK);
    const length = readSync(file.fd, chunk, 0, CHUNK, file.at);
    if (length === 0) return;
    file.at += length;
    let rest = Buffer.concat([file.rest, chunk.subarray(0, length)]);
    for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
      const line = rest.toString('utf8', 0, end);
      rest = rest.subarray(end + 1);
      file.rest = rest;
      yield line;
    }
    file.rest = rest.length > LINE_MAX ? rest.subarray(-LINE_MAX) : rest;
  }
}
