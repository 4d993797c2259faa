/**
 * A tar parser that is fed: it never waits, copies no file data and holds no more than one extended header.
 * What it knows: ustar, pax (local and global), GNU long names and numbers, all sparse forms, V7.
 */

import { hasData, makeEntry } from './make-entry.ts';
import { parsePax } from './pax.ts';
import { mergeRecords, readOverrides } from './pax-overrides.ts';
import { checkPieces, MAX_MAP_BYTES, oldPieces, type SparsePiece, textMapReader } from './sparse.ts';
import { brokenAt, brokenTar, type TarEntry } from './tar-entry.ts';
import { BLOCK, isZeroBlock, numberField, parseHeader, type RawHeader } from './tar-header.ts';

export interface TarSink {
  entry(entry: TarEntry): void;
  /** Bytes of the last entry's file, a slice of what was written to the parser. */
  data(bytes: Uint8Array): void;
  /** Bytes of the last entry's file that are zero and not stored. */
  hole(length: number): void;
}

export interface TarParser {
  /** Throws PodError 'invalid' where the archive breaks its format; then it is of no more use. */
  write(chunk: Uint8Array): void;
  /**
   * Goes over what is left of the last entry's file: so many bytes of the archive, padding included, are not to be
   * written. 0 in a sparse file, whose data is to be written on.
   */
  skipBody(): number;
  /** True after the blocks that end an archive: what is written then is not looked at. */
  isDone(): boolean;
  /** Nothing follows: throws when the archive was cut off. */
  end(): void;
}

/** Bytes of one pax header or long name. The kernel's own limit for all attributes of a file is 64 KiB. */
const MAX_META_BYTES = 1 << 20;
/** More are no use, and each entry pays for them. */
const MAX_GLOBAL_RECORDS = 100;

type Step = 'header' | 'meta' | 'old-map' | 'text-map' | 'body' | 'skip' | 'after-zeros' | 'done';

interface State {
  sink: TarSink;
  step: Step;
  /** Offset in the archive of the next byte, and of the header that is being dealt with. */
  offset: number;
  headerAt: number;
  /** A block that was cut by the end of a chunk. */
  carry: Buffer;
  carried: number;
  /** Of 'meta': what it is, where it goes, how much is there. */
  metaType: string;
  meta: Buffer;
  metaFilled: number;
  /** Extended headers that wait for their entry. */
  global: Map<string, string>;
  local: Map<string, string> | undefined;
  longName: string | undefined;
  longLink: string | undefined;
  /** The entry that is being read. */
  entry: TarEntry | undefined;
  pieces: SparsePiece[] | undefined;
  piece: number;
  /** How far the sink is in a sparse file. */
  position: number;
  mapBytes: number;
  readMap: ReturnType<typeof textMapReader>;
  /** Bytes left in 'body' or 'skip', and the padding after them. */
  left: number;
  padding: number;
}

export function createTarParser(sink: TarSink): TarParser {
  const state: State = {
    sink,
    step: 'header',
    offset: 0,
    headerAt: 0,
    carry: Buffer.alloc(BLOCK),
    carried: 0,
    metaType: '',
    meta: Buffer.alloc(0),
    metaFilled: 0,
    global: new Map(),
    local: undefined,
    longName: undefined,
    longLink: undefined,
    entry: undefined,
    pieces: undefined,
    piece: 0,
    position: 0,
    mapBytes: 0,
    readMap: textMapReader(),
    left: 0,
    padding: 0,
  };
  const guarded = (work: () => void): void => {
    try {
      work();
    } catch (error) {
      throw brokenAt(error, state.headerAt, state.entry?.path);
    }
  };
  return {
    write: (chunk) => {
      const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
      guarded(() => consume(state, bytes));
    },
    skipBody: () => skipBody(state),
    isDone: () => state.step === 'done',
    end: () => guarded(() => finish(state)),
  };
}

function consume(state: State, chunk: Buffer): void {
  for (let at = 0; at < chunk.length && state.step !== 'done'; ) {
    const used = step(state, chunk, at);
    at += used;
    state.offset += used;
  }
}

/** Deals with some bytes of the chunk from `at` on; returns how many. */
function step(state: State, chunk: Buffer, at: number): number {
  const available = chunk.length - at;
  if (state.step === 'body' || state.step === 'skip') {
    const length = Math.min(state.left, available);
    if (state.step === 'body') giveData(state, chunk.subarray(at, at + length));
    state.left -= length;
    if (state.left === 0) afterBody(state);
    return length;
  }
  if (state.step === 'meta') {
    const length = Math.min(state.meta.length - state.metaFilled, available);
    chunk.copy(state.meta, state.metaFilled, at, at + length);
    state.metaFilled += length;
    if (state.metaFilled === state.meta.length) takeMeta(state);
    return length;
  }
  if (state.carried === 0 && available >= BLOCK) {
    takeBlock(state, chunk.subarray(at, at + BLOCK), state.offset);
    return BLOCK;
  }
  const length = Math.min(BLOCK - state.carried, available);
  chunk.copy(state.carry, state.carried, at, at + length);
  state.carried += length;
  if (state.carried === BLOCK) {
    state.carried = 0;
    takeBlock(state, state.carry, state.offset + length - BLOCK);
  }
  return length;
}

function takeBlock(state: State, block: Buffer, at: number): void {
  if (state.step === 'old-map') takeOldMap(state, block);
  else if (state.step === 'text-map') takeTextMap(state, block);
  else takeHeaderBlock(state, block, at);
}

function takeHeaderBlock(state: State, block: Buffer, at: number): void {
  state.headerAt = at;
  state.entry = undefined;
  const zero = isZeroBlock(block);
  if (state.step === 'after-zeros') {
    if (!zero) throw brokenTar('a lone block of zeros before a header');
    state.step = 'done';
  } else if (zero) {
    if (isExpecting(state)) throw brokenTar('an extended header that belongs to nothing');
    state.step = 'after-zeros';
  } else {
    takeHeader(state, block);
  }
}

function takeHeader(state: State, block: Buffer): void {
  const raw = parseHeader(block);
  const type = raw.typeflag;
  if (raw.size < 0) throw brokenTar('a negative size');
  if (type === 'x' || type === 'X' || type === 'g' || type === 'L' || type === 'K') {
    if (raw.size > MAX_META_BYTES) throw brokenTar(`an extended header of more than ${MAX_META_BYTES} bytes`);
    state.metaType = type;
    state.meta = Buffer.alloc(paddedSize(raw.size));
    state.metaFilled = 0;
    state.left = raw.size;
    state.step = 'meta';
    if (raw.size === 0) takeMeta(state);
  } else if (type === 'V') {
    setBody(state, 'skip', raw.size);
  } else {
    takeEntry(state, raw, block);
  }
}

function takeMeta(state: State): void {
  const body = state.meta.subarray(0, state.left);
  state.step = 'header';
  if (state.metaType === 'L' || state.metaType === 'K') {
    const nul = body.indexOf(0);
    const name = body.toString('latin1', 0, nul < 0 ? body.length : nul);
    if (state.metaType === 'L') state.longName = name;
    else state.longLink = name;
  } else if (state.metaType === 'g') {
    mergeRecords(state.global, parsePax(body));
    if (state.global.size > MAX_GLOBAL_RECORDS) throw brokenTar('too many global records in pax headers');
  } else {
    state.local = new Map();
    mergeRecords(state.local, parsePax(body));
  }
}

function takeEntry(state: State, raw: RawHeader, block: Buffer): void {
  const overrides = readOverrides(recordsFor(state));
  const stored = hasData(raw) ? (overrides.size ?? raw.size) : 0;
  const entry = makeEntry(raw, overrides, state.longName, state.longLink);
  state.entry = entry;
  state.local = state.longName = state.longLink = undefined;
  const sparse = overrides.sparse;
  state.left = stored;
  state.mapBytes = 0;
  if (entry.type !== 'file') startBody(state, entry, undefined, stored);
  else if (raw.typeflag === 'S') {
    entry.size = numberField(block, 483, 12);
    state.pieces = oldPieces(block, 386, 4);
    if (block[482] !== 0) state.step = 'old-map';
    else startBody(state, entry, state.pieces, stored);
  } else if (sparse?.mapInData) {
    entry.size = sparse.realSize ?? stored;
    state.readMap = textMapReader();
    state.step = 'text-map';
    if (stored === 0) throw brokenTar('a sparse file without its map');
  } else if (sparse?.pieces) {
    entry.size = sparse.realSize ?? stored;
    startBody(state, entry, sparse.pieces, stored);
  } else {
    entry.size = stored;
    startBody(state, entry, undefined, stored);
  }
}

function recordsFor(state: State): ReadonlyMap<string, string> {
  if (state.global.size === 0) return state.local ?? state.global;
  return new Map([...state.global, ...(state.local ?? [])]);
}

function takeOldMap(state: State, block: Buffer): void {
  const pieces = state.pieces as SparsePiece[];
  state.mapBytes += BLOCK;
  if (state.mapBytes > MAX_MAP_BYTES) throw brokenTar('a sparse map that is too large');
  for (const piece of oldPieces(block, 0, 21)) pieces.push(piece);
  if (block[504] === 0) startBody(state, state.entry as TarEntry, pieces, state.left);
}

function takeTextMap(state: State, block: Buffer): void {
  state.left -= BLOCK;
  state.mapBytes += BLOCK;
  if (state.left < 0) throw brokenTar('a sparse map that is larger than its file');
  if (state.mapBytes > MAX_MAP_BYTES) throw brokenTar('a sparse map that is too large');
  const pieces = state.readMap(block);
  if (pieces) startBody(state, state.entry as TarEntry, pieces, state.left);
  else if (state.left === 0) throw brokenTar('a broken sparse map');
}

function startBody(state: State, entry: TarEntry, pieces: SparsePiece[] | undefined, stored: number): void {
  if (pieces) checkPieces(pieces, entry.size, stored);
  state.pieces = pieces;
  state.piece = 0;
  state.position = 0;
  setBody(state, entry.type === 'file' ? 'body' : 'skip', stored);
  state.sink.entry(entry);
  if (stored === 0) afterBody(state);
}

function setBody(state: State, step: 'body' | 'skip', length: number): void {
  if (!Number.isSafeInteger(state.offset + paddedSize(length))) throw brokenTar('a size that is too large');
  state.step = length === 0 ? 'header' : step;
  state.left = length;
  state.padding = paddedSize(length) - length;
}

function giveData(state: State, bytes: Buffer): void {
  if (!state.pieces) state.sink.data(bytes);
  else giveSparse(state, state.pieces, bytes);
}

function giveSparse(state: State, pieces: SparsePiece[], bytes: Buffer): void {
  for (let at = 0; at < bytes.length; ) {
    const piece = pieces[state.piece] as SparsePiece;
    const end = piece.offset + piece.length;
    if (state.position === end || piece.length === 0) {
      state.piece++;
      continue;
    }
    if (state.position < piece.offset) giveHole(state, piece.offset);
    const length = Math.min(end - state.position, bytes.length - at);
    state.sink.data(bytes.subarray(at, at + length));
    state.position += length;
    at += length;
  }
}

function giveHole(state: State, until: number): void {
  if (until > state.position) state.sink.hole(until - state.position);
  state.position = until;
}

/** The last byte of a body or of a padding was seen. */
function afterBody(state: State): void {
  if (state.pieces && state.entry) giveHole(state, state.entry.size);
  state.pieces = undefined;
  state.left = state.padding;
  state.padding = 0;
  state.step = state.left > 0 ? 'skip' : 'header';
}

function skipBody(state: State): number {
  if (state.step !== 'skip' && (state.step !== 'body' || state.pieces)) return 0;
  const length = state.left + state.padding;
  state.offset += length;
  state.padding = 0;
  afterBody(state);
  return length;
}

function isExpecting(state: State): boolean {
  return state.local !== undefined || state.longName !== undefined || state.longLink !== undefined;
}

/** The end-of-archive blocks may be missing, as in GNU tar; half a block, file or header may not. */
function finish(state: State): void {
  const whole = state.step === 'header' && state.carried === 0 && !isExpecting(state);
  if (!whole && state.step !== 'after-zeros' && state.step !== 'done')
    throw brokenTar('the archive is cut off');
}

function paddedSize(size: number): number {
  return Math.ceil(size / BLOCK) * BLOCK;
}
