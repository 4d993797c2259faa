/** The blob that Node keeps in a packed binary: a program, its start-up snapshot and assets (src/node_sea.cc). */
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';

/** src/node_sea.cc, SeaSerializer: magic, flags, what may extend the arguments, two length-prefixed strings, assets. */
const SEA_MAGIC = 0x143da20;
const HEAD = 4 + 4 + 1;
/** src/node_snapshotable.cc, SnapshotData::kMagic. */
const SNAPSHOT_MAGIC = 0x143da19;
export interface Span {
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
export function sizeAt(bytes: Buffer, at: number): number {
  return at + 8 <= bytes.length ? Number(bytes.readBigUInt64LE(at)) : Number.POSITIVE_INFINITY;
}

export function sizeBytes(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

/** Where `count` spans that begin at `at` end; undefined where that is outside of `bytes`. */
export function endOfSpans(bytes: Buffer, at: number, count: number): number | undefined {
  let end = at;
  for (let i = 0; i < count; i++) {
    end += 8 + sizeAt(bytes, end);
    if (end > bytes.length) return undefined;
  }
  return end;
}

/** The snapshot in the binary's blob: the path of the program's source comes before it. */
export function findSnapshot(binary: Buffer): Span {
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
export function endOfBlob(binary: Buffer, from: number): number {
  const assets = endOfSpans(binary, from + 8, 2 * sizeAt(binary, from));
  const end = assets && endOfSpans(binary, assets + 8, sizeAt(binary, assets));
  if (!end) throw new Error("the packed binary's blob is not what this version of Node makes");
  return end;
}

/** Writes `part` into the file at `at`. */
export function writeAt(file: string, part: Buffer, at: number): void {
  const fd = openSync(file, 'r+');
  try {
    writeSync(fd, part, 0, part.length, at);
  } finally {
    closeSync(fd);
  }
}

/** Puts `content` into the packed `binary` instead of its asset `name`, as far as the blob's end has room for more. */
export function replaceAsset(binary: string, name: string, content: Buffer): void {
  const whole = readFileSync(binary);
  const { at, length } = findSnapshot(whole);
  const assets = at + 8 + length;
  const end = endOfBlob(whole, assets);
  for (let index = 0, place = assets + 8; index < sizeAt(whole, assets); index++) {
    const value = endOfSpans(whole, place, 1)!;
    const next = endOfSpans(whole, value, 1)!;
    if (whole.toString('latin1', place + 8, value) === name) {
      const part = Buffer.concat([sizeBytes(content.length), content, whole.subarray(next, end)]);
      const room = whole.subarray(end, value + part.length);
      if (room.some((byte) => byte !== 0))
        throw new Error(`the packed binary has no room for the asset ${name}`);
      writeAt(binary, part, value);
      return;
    }
    place = next;
  }
  throw new Error(`the packed binary has no asset ${name}`);
}
