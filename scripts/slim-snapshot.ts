/**
 * Takes what costs time at each start out of a packed binary: the start-up snapshot that Node embeds carries the
 * compiled code of all of Node's own modules, 5 MB that are copied before the first line runs. Node can make a
 * snapshot without it (`withoutCodeCache`, nodejs.org/api/cli.html#--build-snapshot-config), but not for a single
 * executable: so that one is made here and takes the other's place.
 */
import { execFileSync } from 'node:child_process';
import { closeSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** src/node_sea.cc, SeaSerializer: magic, flags, what may extend the arguments, two length-prefixed strings, assets. */
const SEA_MAGIC = 0x143da20;
const HEAD = 4 + 4 + 1;
/** src/node_snapshotable.cc, SnapshotData::kMagic. */
const SNAPSHOT_MAGIC = 0x143da19;

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

/** A size_t and so many bytes. */
function spanAt(binary: Buffer, at: number): Span | undefined {
  if (at + 8 > binary.length) return undefined;
  const length = Number(binary.readBigUInt64LE(at));
  return at + 8 + length <= binary.length ? { at, length } : undefined;
}

/** The snapshot in the binary's blob: the path of the program's source comes before it. */
function findSnapshot(binary: Buffer): Span {
  const magic = word(SEA_MAGIC);
  for (let at = binary.indexOf(magic); at >= 0; at = binary.indexOf(magic, at + 1)) {
    const source = spanAt(binary, at + HEAD);
    const snapshot = source && spanAt(binary, source.at + 8 + source.length);
    if (snapshot && snapshot.length > 4 && binary.readUInt32LE(snapshot.at + 8) === SNAPSHOT_MAGIC)
      return snapshot;
  }
  throw new Error('the packed binary has no start-up snapshot where this version of Node puts it');
}

/** The end of the blob's last part: pairs of names and assets, then the arguments. */
function endOfBlob(binary: Buffer, from: number): number {
  let at = from;
  const skip = () => {
    const span = spanAt(binary, at);
    if (!span) throw new Error("the packed binary's blob is not what this version of Node makes");
    at = span.at + 8 + span.length;
  };
  for (const parts of [2, 1]) {
    const count = Number(binary.readBigUInt64LE(at));
    at += 8;
    for (let i = 0; i < count * parts; i++) skip();
  }
  return at;
}

/** Replaces the snapshot of `binary` by one of the same `program` without code cache; `node` must be the packed one. */
export function slimSnapshot(
  binary: string,
  options: { node: string; program: string; scratch: string },
): void {
  const { node, program, scratch } = options;
  const config = join(scratch, 'snapshot.json');
  const blob = join(scratch, 'snapshot.blob');
  writeFileSync(config, JSON.stringify({ builder: program, withoutCodeCache: true }));
  execFileSync(node, ['--no-warnings', '--snapshot-blob', blob, '--build-snapshot-config', config], {
    stdio: 'inherit',
  });
  const slim = readFileSync(blob);
  for (const file of [config, blob]) rmSync(file);
  const whole = readFileSync(binary);
  const old = findSnapshot(whole);
  const rest = old.at + 8 + old.length;
  const end = endOfBlob(whole, rest);
  if (slim.length > old.length) throw new Error('a snapshot without code cache is larger than one with it');
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(slim.length));
  const unused = Buffer.alloc(old.length - slim.length);
  const fd = openSync(binary, 'r+');
  try {
    const part = Buffer.concat([length, slim, whole.subarray(rest, end), unused]);
    writeSync(fd, part, 0, part.length, old.at);
  } finally {
    closeSync(fd);
  }
}
