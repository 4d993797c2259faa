/**
 * Decompression of layers and archives as they stream by: gzip (RFC 1952, several members, zeros after them) and
 * zstd (RFC 8878, several and skippable frames). What it is tells the data itself: media types in the wild lie.
 */
import { PodError } from '../error.ts';
import { createInflater } from './inflate.ts';
import { createUncheckedGzip } from './unchecked-gzip.ts';
import { zstdFrames } from './zstd-frames.ts';

export type Compression = 'none' | 'gzip' | 'zstd';
/** What Node can't read itself. */
export type ForeignCompression = 'xz' | 'bzip2';
/** Decompresses with something else. */
export type Expand = (
  input: AsyncIterable<Uint8Array>,
  form: ForeignCompression,
) => AsyncIterable<Uint8Array>;

export interface ExpansionLimit {
  /** So many bytes may come out whatever went in. */
  free: number;
  /** Beyond that, at most so many times what went in. */
  ratio: number;
  /** And never more than this. */
  bytes: number;
}

/**
 * The stated bound against decompression bombs: beyond 1 GiB a stream may not be more than 200 times its
 * compressed size (deflate reaches 1032 at most; file systems of programs 2 to 5), and never more than 256 GiB.
 */
export const EXPANSION_LIMIT: ExpansionLimit = { free: 2 ** 30, ratio: 200, bytes: 2 ** 38 };

const CHUNK = 1 << 20;
const MAGICS: [Compression | ForeignCompression, string][] = [
  ['gzip', '1f8b'],
  ['zstd', '28b52ffd'],
  ['xz', 'fd377a585a00'],
  ['bzip2', '425a68'],
];
/** A stream of zstd may start with a skippable frame, RFC 8878 section 3.1.2. */
const ZSTD_SKIPPABLE = /^5[0-9a-f]2a4d18/;
const LONGEST_MAGIC = 6;

/** What the first bytes (6 suffice) say. */
export function formOf(start: Uint8Array): Compression | ForeignCompression {
  const hex = Buffer.from(start.subarray(0, LONGEST_MAGIC)).toString('hex');
  if (ZSTD_SKIPPABLE.test(hex)) return 'zstd';
  return MAGICS.find(([, magic]) => hex.startsWith(magic))?.[0] ?? 'none';
}

/** The same, PodError 'unsupported' for forms that can't be read. */
export function compressionOf(start: Uint8Array): Compression {
  const found = formOf(start);
  if (found !== 'xz' && found !== 'bzip2') return found;
  throw new PodError({
    code: 'unsupported',
    message: `cannot decompress ${found}`,
    why: 'only gzip and zstd can be read',
  });
}

export interface DecompressOptions {
  /** For what Node doesn't know; none: that is refused. */
  readonly foreign?: Expand | undefined;
  /** The memory of a chunk is used again after so many more (inflate.ts); 0: never. */
  readonly turns?: number;
  /** Whoever reads it has a digest to compare: the checksum of gzip need not be right. */
  readonly unchecked?: boolean;
}

/**
 * Yields the decompressed bytes in chunks of up to 1 MiB; data that isn't compressed goes through as it is.
 * Errors of the source pass unchanged; damaged, truncated or overblown data is PodError 'invalid'.
 */
export async function* decompress(
  source: AsyncIterable<Uint8Array>,
  limit: ExpansionLimit = EXPANSION_LIMIT,
  { foreign, turns = 0, unchecked = false }: DecompressOptions = {},
): AsyncGenerator<Uint8Array> {
  const iterator = source[Symbol.asyncIterator]();
  let taken = 0;
  let given = 0;
  try {
    const head = await readHead(iterator);
    const compression = foreign ? formOf(head) : compressionOf(head);
    const input = countIn(head, iterator, (length) => {
      taken += length;
    });
    const expanded =
      compression === 'none'
        ? input
        : compression === 'gzip' || compression === 'zstd'
          ? expand(input, compression, turns, unchecked)
          : foreign!(input, compression);
    for await (const chunk of expanded) {
      given += chunk.length;
      if (given > limit.bytes) throw bomb(`it holds more than ${limit.bytes} bytes`);
      if (compression !== 'none' && given > limit.free && given > taken * limit.ratio)
        throw bomb(`it grows to more than ${limit.ratio} times its size`);
      yield chunk;
    }
  } finally {
    await iterator.return?.();
  }
}

async function readHead(iterator: AsyncIterator<Uint8Array>): Promise<Uint8Array> {
  let head: Uint8Array = new Uint8Array(0);
  while (head.length < LONGEST_MAGIC) {
    const next = await iterator.next();
    if (next.done) break;
    head = head.length === 0 ? next.value : Buffer.concat([head, next.value]);
  }
  return head;
}

async function* countIn(
  head: Uint8Array,
  rest: AsyncIterator<Uint8Array>,
  count: (length: number) => void,
): AsyncGenerator<Uint8Array> {
  count(head.length);
  if (head.length > 0) yield head;
  for (let next = await rest.next(); !next.done; next = await rest.next()) {
    count(next.value.length);
    if (next.value.length > 0) yield next.value;
  }
}

async function* expand(
  input: AsyncIterable<Uint8Array>,
  form: 'gzip' | 'zstd',
  turns: number,
  unchecked: boolean,
): AsyncGenerator<Uint8Array> {
  const create = form === 'gzip' && unchecked ? createUncheckedGzip : createInflater.bind(undefined, form);
  const inflater = create(CHUNK, turns);
  try {
    for await (const piece of form === 'zstd' ? zstdFrames(input) : input) yield* inflater.write(piece);
    yield* inflater.end();
  } finally {
    inflater.close();
  }
}

function bomb(why: string): PodError {
  return new PodError({
    code: 'invalid',
    message: 'refused to decompress the data',
    why,
    hint: 'set TSC_POD_MAX_LAYER_SIZE to a larger number of bytes if you trust it',
  });
}
