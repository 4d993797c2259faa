/**
 * gzip (RFC 1952) without its checksum, for content that has a digest of its own to be compared with: the checksum alone
 * takes a third of the time of decompression. Several members are one stream, zeros after them are padding.
 */
import { createInflater, damaged, type Inflater } from './inflate.ts';

const MAGIC = [0x1f, 0x8b, 8];
const TRAILER = 8;
/** RFC 1952 sets none. */
const LONGEST_HEADER = 1 << 20;
const FLAG = { headerCrc: 2, extra: 4, name: 8, comment: 16, reserved: 0xe0 };

/** As createInflater. */
export function createUncheckedGzip(size: number, turns: number): Inflater {
  const deflate = createInflater('deflate', size, turns);
  let step: 'header' | 'body' | 'trailer' | 'between' | 'padding' = 'header';
  let header: Uint8Array = new Uint8Array(0);
  let trailer = 0;

  /** Gives how many bytes from `at` on belong to the header. */
  function takeHeader(piece: Uint8Array, at: number): number {
    const before = header.length;
    header = Buffer.concat([header, piece.subarray(at)]);
    const length = headerLength(header);
    if (length === undefined && header.length > LONGEST_HEADER)
      throw damaged('gzip', '', 'a header too long');
    if (length === undefined) return piece.length - at;
    step = 'body';
    header = new Uint8Array(0);
    return length - before;
  }

  function* write(piece: Uint8Array): Generator<Uint8Array, void, undefined> {
    for (let at = 0; at < piece.length && step !== 'padding'; ) {
      if (step === 'header') {
        at += takeHeader(piece, at);
      } else if (step === 'body') {
        yield* deflate.write(piece.subarray(at));
        at = piece.length - deflate.rest();
        if (deflate.rest() > 0) step = 'trailer';
        trailer = 0;
      } else if (step === 'trailer') {
        const length = Math.min(TRAILER - trailer, piece.length - at);
        at += length;
        trailer += length;
        if (trailer === TRAILER) step = 'between';
      } else {
        step = piece[at] === 0 ? 'padding' : 'header';
        deflate.reset();
      }
    }
  }

  // biome-ignore lint/correctness/useYield: nothing is held back
  function* end(): Generator<Uint8Array, void, undefined> {
    if (step !== 'between' && step !== 'padding') throw damaged('gzip', 'Z_BUF_ERROR', '');
  }

  return { ...deflate, write, end };
}

/** Bytes of the header that these begin with; undefined when it isn't whole. */
function headerLength(bytes: Uint8Array): number | undefined {
  if (MAGIC.some((byte, at) => at < bytes.length && bytes[at] !== byte))
    throw damaged('gzip', 'Z_DATA_ERROR', 'incorrect header check');
  if (bytes.length < 10) return undefined;
  const flags = bytes[3] as number;
  if (flags & FLAG.reserved) throw damaged('gzip', 'Z_DATA_ERROR', 'unknown header flags set');
  let at = 10;
  if (flags & FLAG.extra) {
    if (bytes.length < at + 2) return undefined;
    at += 2 + (bytes[at] as number) + 256 * (bytes[at + 1] as number);
  }
  for (const text of [FLAG.name, FLAG.comment]) {
    if (!(flags & text)) continue;
    const nul = bytes.indexOf(0, at);
    if (nul < 0 || at > bytes.length) return undefined;
    at = nul + 1;
  }
  if (flags & FLAG.headerCrc) at += 2;
  return at <= bytes.length ? at : undefined;
}
