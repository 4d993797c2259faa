/**
 * The 512 byte header of a tar entry: POSIX ustar, GNU and the old V7 form. See tar(5) of libarchive, and the
 * GNU tar manual, "Basic Tar Format".
 */
import { brokenTar } from './tar-entry.ts';

export const BLOCK = 512;

export interface RawHeader {
  path: string;
  linkTarget: string;
  /** '0' for the NUL of V7. */
  typeflag: string;
  /** Bytes that follow, as the header says. */
  size: number;
  mode: number;
  uid: number;
  gid: number;
  mtime: number;
  major: number;
  minor: number;
  /** True for the GNU form, which has no prefix but room for times and a sparse map. */
  gnu: boolean;
}

export function isZeroBlock(block: Buffer): boolean {
  for (let i = 0; i < BLOCK; i += 4) if (block.readUInt32LE(i) !== 0) return false;
  return true;
}

/** A string field, up to its first NUL. */
function stringField(block: Buffer, at: number, length: number): string {
  const nul = block.indexOf(0, at);
  return block.toString('latin1', at, nul >= 0 && nul < at + length ? nul : at + length);
}

/**
 * A number: octal digits between spaces and NULs, or base-256 when the first bit is set (GNU tar manual,
 * "Extensions"). Empty is 0. Throws when it is neither or can't be held exactly.
 */
export function numberField(block: Buffer, at: number, length: number): number {
  const first = block[at] ?? 0;
  if (first & 0x80) return base256(block, at, length);
  let value = 0;
  let i = at;
  const end = at + length;
  while (i < end && (block[i] === 0x20 || block[i] === 0)) i++;
  for (; i < end; i++) {
    const byte = block[i] as number;
    if (byte === 0x20 || byte === 0) break;
    if (byte < 0x30 || byte > 0x37) throw brokenTar('a number that is not octal');
    value = value * 8 + byte - 0x30;
  }
  return value;
}

function base256(block: Buffer, at: number, length: number): number {
  const negative = ((block[at] ?? 0) & 0x40) !== 0;
  const invert = negative ? 0xff : 0;
  let value = ((block[at] ?? 0) ^ invert) & 0x3f;
  for (let i = at + 1; i < at + length; i++) {
    value = value * 256 + ((block[i] as number) ^ invert);
    if (value > Number.MAX_SAFE_INTEGER) throw brokenTar('a number that is too large');
  }
  return negative ? -value - 1 : value;
}

/** The sum of all bytes with the checksum field as spaces; some old writers added signed bytes. */
function checksumFits(block: Buffer): boolean {
  const wanted = numberField(block, 148, 8);
  let sum = 8 * 0x20;
  let high = 0;
  for (let i = 0; i < BLOCK; i++) {
    if (i === 148) i = 156;
    const byte = block[i] as number;
    sum += byte;
    if (byte > 127) high++;
  }
  return sum === wanted || sum - high * 256 === wanted;
}

/** Throws when the block isn't a header. */
export function parseHeader(block: Buffer): RawHeader {
  if (!checksumFits(block)) throw brokenTar('a header with a wrong checksum');
  const magic = block.toString('latin1', 257, 263);
  const gnu = magic === 'ustar ';
  const modern = gnu || magic === 'ustar\0';
  const typeflag = block[156] === 0 ? '0' : block.toString('latin1', 156, 157);
  const name = stringField(block, 0, 100);
  const prefix = modern && !gnu ? stringField(block, 345, 155) : '';
  const isDevice = modern && (typeflag === '3' || typeflag === '4');
  return {
    path: prefix ? `${prefix}/${name}` : name,
    linkTarget: stringField(block, 157, 100),
    typeflag,
    size: numberField(block, 124, 12),
    mode: numberField(block, 100, 8),
    uid: numberField(block, 108, 8),
    gid: numberField(block, 116, 8),
    mtime: numberField(block, 136, 12),
    major: isDevice ? numberField(block, 329, 8) : 0,
    minor: isDevice ? numberField(block, 337, 8) : 0,
    gnu,
  };
}
