/**
 * Takes what costs time at each start out of a packed binary: the start-up snapshot that Node embeds carries, beside
 * the heap with the compiled functions that have run, a code cache of all of Node's own modules: 4 MB that are copied
 * before the first line runs, for modules that are in the heap already or never asked for. Node can leave the cache out
 * (`withoutCodeCache`, nodejs.org/api/cli.html#--build-snapshot-config), but then the compiled functions too.
 */
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';

/** src/node_sea.cc, SeaSerializer: magic, flags, what may extend the arguments, two length-prefixed strings, assets. */
const SEA_MAGIC = 0x143da20;
const HEAD = 4 + 4 + 1;
/** src/node_snapshotable.cc, SnapshotData::kMagic. */
const SNAPSHOT_MAGIC = 0x143da19;
/** How many modules Node can have built in, at the least and the most. */
const MODULES = { least: 100, most: 1000 };

interface Span {
  /** Of the length; the bytes follow it. */
  at: number;
  length: number;
}

function word(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

/** A size_t as a number; Infinity where none can be. */
function sizeAt(bytes: Buffer, at: number): number {
  return at + 8 <= bytes.length ? Number(bytes.readBigUInt64LE(at)) : Number.POSITIVE_INFINITY;
}

function sizeBytes(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

/** Where `count` spans that begin at `at` end; undefined where that is outside of `bytes`. */
function endOfSpans(bytes: Buffer, at: number, count: number): number | undefined {
  let end = at;
  for (let i = 0; i < count; i++) {
    end += 8 + sizeAt(bytes, end);
    if (end > bytes.length) return undefined;
  }
  return end;
}

/** The snapshot in the binary's blob: the path of the program's source comes before it. */
function findSnapshot(binary: Buffer): Span {
  const magic = word(SEA_MAGIC);
  for (let at = binary.indexOf(magic); at >= 0; at = binary.indexOf(magic, at + 1)) {
    const start = endOfSpans(binary, at + HEAD, 1);
    if (start === undefined || endOfSpans(binary, start, 1) === undefined) continue;
    if (binary.readUInt32LE(start + 8) === SNAPSHOT_MAGIC)
      return { at: start, length: sizeAt(binary, start) };
  }
  throw new Error('the packed binary has no start-up snapshot where this version of Node puts it');
}

/** The end of the blob's last part: pairs of names and assets, then the arguments. */
function endOfBlob(binary: Buffer, from: number): number {
  const assets = endOfSpans(binary, from + 8, 2 * sizeAt(binary, from));
  const end = assets && endOfSpans(binary, assets + 8, sizeAt(binary, assets));
  if (!end) throw new Error("the packed binary's blob is not what this version of Node makes");
  return end;
}

/** The snapshot's last part, the code cache: a count, and so many pairs of a module's name and its code. */
function findCodeCache(snapshot: Buffer): number {
  for (let at = 0; at < snapshot.length - 8; at++) {
    const count = sizeAt(snapshot, at);
    if (count < MODULES.least || count > MODULES.most) continue;
    if (endOfSpans(snapshot, at + 8, 2 * count) === snapshot.length) return at;
  }
  throw new Error('the start-up snapshot has no code cache where this version of Node puts it');
}

/** Takes the code cache out of the snapshot of the packed `binary`. */
export function slimSnapshot(binary: string): void {
  const whole = readFileSync(binary);
  const { at, length } = findSnapshot(whole);
  const snapshot = whole.subarray(at + 8, at + 8 + length);
  const cache = findCodeCache(snapshot);
  const slim = Buffer.concat([snapshot.subarray(0, cache), sizeBytes(0)]);
  const rest = whole.subarray(at + 8 + length, endOfBlob(whole, at + 8 + length));
  const unused = Buffer.alloc(length - slim.length);
  const fd = openSync(binary, 'r+');
  try {
    const part = Buffer.concat([sizeBytes(slim.length), slim, rest, unused]);
    writeSync(fd, part, 0, part.length, at);
  } finally {
    closeSync(fd);
  }
}
