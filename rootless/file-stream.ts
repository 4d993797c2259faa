/**
 * Reads the stream of file operations (file-ops.ts) that the launcher's *pack* jobs write (rootless/native/pack.c):
 * what is there in a tree, entry by entry, in the order of their names, a directory before what is in it.
 */

import type { FileEntry } from './file-entry.ts';
import type { Time } from './file-ops.ts';

/** What a pack job found under a name: a path below the root of the walk; the root itself is "". */
export interface FoundEntry extends FileEntry {
  /** Of a file with holes: where its data is. */
  pieces?: readonly { offset: number; length: number }[];
  /** Of a file in a walk without data: the last change of anything about it. */
  ctime?: Time;
  /** Of a layer's walk: the layers below show something under this name; `same`: of this kind, mode and owner. */
  below: false | 'other' | 'same';
}

export interface FileStreamSink {
  entry(entry: FoundEntry): void;
  /** Bytes of the last entry's file, a slice of what was read. */
  data(bytes: Uint8Array): void;
  /** Bytes of the last entry's file that are zero and were not read. */
  hole(length: number): void;
  /** Hides what the layers below have under the name. */
  whiteout?(path: string, below: boolean): void;
}

export interface FileStreamParser {
  /** Throws Error, a bug, where the bytes are no such stream. */
  write(chunk: Uint8Array): void;
  /** Nothing follows: throws when the stream was cut off. */
  end(): void;
}

const BELOW: Record<number, FoundEntry['below']> = { 1: 'other', 3: 'same' };
const MAGIC = 'podops1\n';
const HEAD = 8;
const META = 24;
const NONE: ReadonlyMap<string, Uint8Array> = new Map();
const S_IFMT = 0o170000;
const SPECIAL: Record<number, FoundEntry['type']> = {
  4096: 'fifo',
  8192: 'char',
  24576: 'block',
};

interface Pending {
  entry: FoundEntry;
  xattrs?: Map<string, Uint8Array>;
  pieces?: { offset: number; length: number }[];
}

function broken(why: string): Error {
  return new Error(`the stream of the launcher's pack job ${why}`);
}

const u64 = (bytes: Buffer, at: number): number =>
  bytes.readUInt32LE(at) + bytes.readUInt32LE(at + 4) * 2 ** 32;
const timeAt = (bytes: Buffer, at: number): Time => ({
  nanoseconds: bytes.readUInt32LE(at),
  seconds: bytes.readUInt32LE(at + 4) + bytes.readInt32LE(at + 8) * 2 ** 32,
});

function entryOf(
  path: string,
  type: FoundEntry['type'],
  body: Buffer,
  below: FoundEntry['below'],
): FoundEntry {
  if (body.length < META) throw broken('has an operation that is too short');
  return {
    path,
    type,
    linkTarget: '',
    size: 0,
    mode: body.readUInt32LE(0) & 0o7777,
    uid: body.readUInt32LE(4),
    gid: body.readUInt32LE(8),
    mtime: timeAt(body, 12),
    major: 0,
    minor: 0,
    xattrs: NONE,
    below,
  };
}

function linkOf(
  path: string,
  type: 'symlink' | 'hardlink',
  body: Buffer,
  below: FoundEntry['below'],
): FoundEntry {
  const entry = entryOf(path, type, body, below);
  entry.linkTarget = body.toString('latin1', META);
  return entry;
}

function withSize(entry: FoundEntry, body: Buffer): FoundEntry {
  if (body.length >= META + 8) entry.size = u64(body, META);
  if (body.length >= META + 20) entry.ctime = timeAt(body, META + 8);
  return entry;
}

function special(entry: FoundEntry, body: Buffer): FoundEntry {
  const type = SPECIAL[body.readUInt32LE(0) & S_IFMT];
  if (!type || body.length < META + 8) throw broken('has a node that is none');
  return { ...entry, type, major: body.readUInt32LE(META), minor: body.readUInt32LE(META + 4) };
}

function readPieces(body: Buffer): { offset: number; length: number }[] {
  const pieces: { offset: number; length: number }[] = [];
  for (let at = 0; at + 16 <= body.length; at += 16)
    pieces.push({ offset: u64(body, at), length: u64(body, at + 8) });
  return pieces;
}

/** The operations that make something. */
const MAKES: Record<string, (path: string, body: Buffer, below: FoundEntry['below']) => FoundEntry> = {
  d: (path, body, below) => entryOf(path, 'directory', body, below),
  f: (path, body, below) => withSize(entryOf(path, 'file', body, below), body),
  l: (path, body, below) => linkOf(path, 'symlink', body, below),
  L: (path, body, below) => linkOf(path, 'hardlink', body, below),
  n: (path, body, below) => special(entryOf(path, 'fifo', body, below), body),
};

/** A parser that is fed: it holds one operation at most, and none of a file's data. */
export function parseFileStream(sink: FileStreamSink): FileStreamParser {
  let pending: Pending | undefined;
  let carry: Buffer = Buffer.alloc(0);
  let begun = false;
  let ended = false;
  let left = 0; // of the data that is being passed through

  const flush = (): void => {
    if (!pending) return;
    const { entry, xattrs, pieces } = pending;
    pending = undefined;
    if (xattrs) entry.xattrs = xattrs;
    if (pieces) entry.pieces = pieces;
    sink.entry(entry);
  };
  const attribute = (name: string, value: Buffer): void => {
    if (!pending) throw broken('has an attribute of nothing');
    pending.xattrs ??= new Map();
    pending.xattrs.set(name, new Uint8Array(value));
  };
  const map = (body: Buffer): void => {
    if (!pending) throw broken('has a map of nothing');
    pending.pieces = (pending.pieces ?? []).concat(readPieces(body));
  };
  const operation = (op: string, path: string, body: Buffer, below: FoundEntry['below']): void => {
    const make = MAKES[op];
    if (make) flush();
    if (make) pending = { entry: make(path, body, below) };
    else if (op === 'x') attribute(path, body);
    else if (op === 'm') map(body);
    else {
      flush();
      if (op === 'H') sink.hole(u64(body, 0));
      else if (op === 'w') sink.whiteout?.(path, below !== false);
      else if (op === 'e') ended = true;
      else throw broken(`has an operation ${JSON.stringify(op)}`);
    }
  };
  /** Deals with what is whole at `at`; gives how many bytes that was, 0 when more are needed. */
  const step = (bytes: Buffer, at: number): number => {
    const available = bytes.length - at;
    if (left > 0) {
      const length = Math.min(left, available);
      left -= length;
      sink.data(bytes.subarray(at, at + length));
      return length;
    }
    if (!begun) {
      if (available < MAGIC.length) return 0;
      if (bytes.toString('latin1', at, at + MAGIC.length) !== MAGIC) throw broken('is of another version');
      begun = true;
      return MAGIC.length;
    }
    if (ended) throw broken('goes on after its end');
    if (available < HEAD) return 0;
    const [named, length] = [bytes.readUInt16LE(at + 2), bytes.readUInt32LE(at + 4)];
    if (bytes[at] === 0x44) {
      flush();
      left = length;
      return HEAD;
    }
    const whole = HEAD + named + length;
    if (available < whole) return 0;
    const body = at + HEAD + named;
    const path = bytes.toString('latin1', at + HEAD, body);
    const op = String.fromCharCode(bytes[at] as number);
    operation(op, path, bytes.subarray(body, body + length), BELOW[bytes[at + 1] as number] ?? false);
    return whole;
  };
  return {
    write: (chunk) => {
      const fresh = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
      const bytes = carry.length > 0 ? Buffer.concat([carry, fresh]) : fresh;
      let at = 0;
      for (let used = 1; used > 0 && at < bytes.length; at += used) used = step(bytes, at);
      carry = bytes.subarray(at);
    },
    end: () => {
      if (!ended || carry.length > 0) throw broken('was cut off');
    },
  };
}
