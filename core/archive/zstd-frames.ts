/**
 * The frames of a zstd stream (RFC 8878, section 3.1). Node decompresses one frame and takes what follows in the same
 * chunk for nothing; layers often have many frames (pzstd, zstd:chunked) and skippable ones between them.
 */
import { PodError } from '../error.ts';

const MAGIC = 0xfd2fb528;
const SKIPPABLE = 0x184d2a50;

type Step = 'start' | 'skip-size' | 'header' | 'block' | 'checksum';

interface State {
  step: Step;
  /** Bytes of the part that is being collected, and how many it needs. */
  part: Buffer;
  have: number;
  need: number;
  /** Bytes that pass before the next part. */
  pass: number;
  /** Within a frame that is no skippable one, its magic number included. */
  inside: boolean;
  checksum: boolean;
  last: boolean;
}

/**
 * Yields the bytes of `source` without its skippable frames, in slices of which none goes past the end of a frame.
 * PodError 'invalid' for what is no zstd, and where the last frame is cut off.
 */
export async function* zstdFrames(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const state: State = {
    step: 'start',
    part: Buffer.alloc(4),
    have: 0,
    need: 4,
    pass: 0,
    inside: false,
    checksum: false,
    last: false,
  };
  for await (const chunk of source) {
    let from = 0;
    for (let at = 0; at < chunk.length; ) {
      const wasInside = state.inside;
      const used = advance(state, chunk, at);
      at += used;
      if (wasInside && !state.inside) {
        yield chunk.subarray(from, at);
      } else if (!wasInside && state.inside && used === 4) {
        from = at - 4;
      } else if (!wasInside && state.inside) {
        yield Buffer.from(state.part.subarray(0, 4)); // its magic number was cut by the end of a chunk
        from = at;
      }
    }
    if (state.inside && from < chunk.length) yield chunk.subarray(from);
  }
  if (state.step !== 'start' || state.have > 0 || state.pass > 0) throw broken('it is cut off');
}

/** Takes some bytes of the chunk from `at` on; returns how many. */
function advance(state: State, chunk: Uint8Array, at: number): number {
  if (state.pass > 0) {
    const length = Math.min(state.pass, chunk.length - at);
    state.pass -= length;
    if (state.pass === 0 && state.step === 'start') state.inside = false;
    return length;
  }
  const length = Math.min(state.need - state.have, chunk.length - at);
  state.part.set(chunk.subarray(at, at + length), state.have);
  state.have += length;
  if (state.have === state.need) takePart(state);
  return length;
}

function expect(state: State, step: Step, need: number): void {
  state.step = step;
  state.need = need;
  state.have = 0;
}

function takePart(state: State): void {
  const { part } = state;
  switch (state.step) {
    case 'start':
      takeMagic(state, part.readUInt32LE(0));
      break;
    case 'skip-size':
      state.pass = part.readUInt32LE(0);
      expect(state, 'start', 4);
      break;
    case 'header':
      takeHeader(state, part[0] as number);
      break;
    case 'block':
      takeBlock(state, part.readUIntLE(0, 3));
      break;
    case 'checksum':
      expect(state, 'start', 4);
      state.inside = false;
  }
}

function takeMagic(state: State, magic: number): void {
  state.inside = magic === MAGIC;
  if (magic === MAGIC) expect(state, 'header', 1);
  else if ((magic & 0xfffffff0) >>> 0 === SKIPPABLE) expect(state, 'skip-size', 4);
  else throw broken('what follows a frame is none');
}

/** Frame_Header_Descriptor, section 3.1.1.1.1: how long the rest of the header is. */
function takeHeader(state: State, descriptor: number): void {
  const singleSegment = (descriptor & 0x20) !== 0;
  const sizeFlag = descriptor >> 6;
  const sizeBytes = sizeFlag === 0 ? Number(singleSegment) : 1 << sizeFlag;
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3] as number;
  state.checksum = (descriptor & 4) !== 0;
  state.last = false;
  state.pass = Number(!singleSegment) + dictionaryBytes + sizeBytes;
  expect(state, 'block', 3);
}

/** Block_Header, section 3.1.1.2; a block of one repeated byte stores that byte. */
function takeBlock(state: State, header: number): void {
  state.last = (header & 1) !== 0;
  const type = (header >> 1) & 3;
  if (type === 3) throw broken('a block of a reserved type');
  state.pass = type === 1 ? 1 : header >> 3;
  if (!state.last) expect(state, 'block', 3);
  else if (state.checksum) expect(state, 'checksum', 4);
  else {
    expect(state, 'start', 4);
    state.inside = state.pass > 0;
  }
}

function broken(why: string): PodError {
  return new PodError({ code: 'invalid', message: 'cannot decompress the zstd data', why });
}
