/**
 * Decompression here and now, into memory that is used again. Node's streams hand every piece to another thread and
 * give it memory of its own: for a layer of hundreds of megabytes that costs more than the work itself.
 *
 * The handle below those streams is what their own synchronous functions use (lib/zlib.js, processChunkSync). It is no
 * documented interface: the version of Node is the one that the binary carries, and the tests tell when it changes.
 */
import { createGunzip, createInflateRaw, createZstdDecompress } from 'node:zlib';
import { PodError } from '../error.ts';

export interface Inflater {
  /** What one piece gives, in slices of at most `size` bytes. */
  write(piece: Uint8Array): Generator<Uint8Array, void, undefined>;
  /** Nothing follows: gives what was held back; throws when the data was cut off. */
  end(): Generator<Uint8Array, void, undefined>;
  /** How many bytes of the last piece lie behind the end of the data. */
  rest(): number;
  /** Begins anew: what is written next is other data. */
  reset(): void;
  close(): void;
}

interface Handle {
  writeSync(
    flush: number,
    input: Uint8Array | null,
    inputAt: number,
    inputLength: number,
    output: Uint8Array,
    outputAt: number,
    outputLength: number,
  ): void;
  onerror: (message: string, number: number, code: string) => void;
  reset(): void;
  close(): void;
}

interface Stream {
  /** Null once it was closed. */
  _handle: Handle;
  /** After a write: bytes of the output that are left, bytes of the input. */
  _writeState: Uint32Array;
}

/** `deflate` is what gzip has inside, without header and checksum. */
type Form = 'gzip' | 'deflate' | 'zstd';

/** zlib.h and zstd.h: go on; this was all. */
const FLUSH = { gzip: { on: 0, end: 4 }, deflate: { on: 0, end: 4 }, zstd: { on: 0, end: 2 } };

/**
 * `turns` pieces of memory of `size` bytes are written in turn: a slice is good until as many more were given. With 0
 * each has memory of its own. Errors are PodError 'invalid'.
 */
export function createInflater(form: Form, size: number, turns: number): Inflater {
  const { _handle: handle, _writeState: left } = streamOf(form);
  const flush = FLUSH[form];
  const memory: Buffer[] = [];
  let turn = 0;
  let output: Buffer = Buffer.alloc(0);
  let used = 0;
  let over = false;
  let failure: PodError | undefined;
  handle.onerror = (message, _number, code) => {
    failure = damaged(form, code, message);
  };

  function next(): Buffer {
    if (turns === 0) return Buffer.allocUnsafeSlow(size);
    turn = (turn + 1) % turns;
    memory[turn] ??= Buffer.allocUnsafeSlow(size);
    return memory[turn] as Buffer;
  }

  function* run(flag: number, piece: Uint8Array | null): Generator<Uint8Array, void, undefined> {
    const length = piece?.length ?? 0;
    for (let at = 0; !over; ) {
      if (used === output.length) {
        output = next();
        used = 0;
      }
      handle.writeSync(flag, piece, at, length - at, output, used, size - used);
      if (failure !== undefined) throw failure;
      const [room, rest] = left as unknown as [number, number];
      const from = used;
      at = length - rest;
      used = size - room;
      // Room is left, and input: what follows the end is nothing to it, padding for instance.
      over = room > 0 && rest > 0;
      if (used > from) yield output.subarray(from, used);
      if (room > 0) return;
    }
  }

  return {
    write: (piece) => run(flush.on, piece),
    end: () => run(flush.end, null),
    rest: () => (over ? (left[1] as number) : 0),
    reset: () => {
      over = false;
      handle.reset();
    },
    close: () => {
      over = true;
      handle.close();
    },
  };
}

function streamOf(form: Form): Stream {
  const options = { chunkSize: 64 }; // of the stream's own memory, which isn't used
  const create = { gzip: createGunzip, deflate: createInflateRaw, zstd: createZstdDecompress }[form];
  return create(options) as unknown as Stream;
}

/** What zlib and zstd say of data that they can't read, as an error. */
export function damaged(form: string, code: string, message: string): PodError {
  const cut = code === 'Z_BUF_ERROR' || message.includes('unexpected end');
  return new PodError({
    code: 'invalid',
    message: `cannot decompress the ${form} data`,
    why: cut ? 'it is cut off' : message,
  });
}
