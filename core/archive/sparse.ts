/**
 * Files with holes in GNU tar's formats: a map of the pieces that are stored (GNU tar manual, "Sparse Formats").
 * Old: entry type 'S', four pieces in the header, 21 in each block that follows. Pax 0.0 and 0.1: in the pax
 * header. Pax 1.0: as text before the file's data.
 */
import { brokenTar } from './tar-entry.ts';
import { BLOCK, numberField } from './tar-header.ts';

export interface SparsePiece {
  offset: number;
  length: number;
}

/** Bytes of a map: 8 MiB hold half a million pieces. */
export const MAX_MAP_BYTES = 8 << 20;

/** Reads `count` pieces of the old format at `at`; an empty one ends the map. */
export function oldPieces(block: Buffer, at: number, count: number): SparsePiece[] {
  const pieces: SparsePiece[] = [];
  for (let i = 0; i < count; i++, at += 24) {
    if (block[at] === 0 && block[at + 12] === 0) break;
    pieces.push({ offset: numberField(block, at, 12), length: numberField(block, at + 12, 12) });
  }
  return pieces;
}

/** "0,512,1024,512" of pax 0.1, and the collected numbers of pax 0.0. */
export function listedPieces(list: string): SparsePiece[] {
  const numbers = list === '' ? [] : list.split(',').map(decimal);
  return pairs(numbers);
}

function pairs(numbers: number[]): SparsePiece[] {
  if (numbers.length % 2 !== 0) throw brokenTar('a sparse map with an odd number of numbers');
  const pieces: SparsePiece[] = [];
  for (let i = 0; i < numbers.length; i += 2)
    pieces.push({ offset: numbers[i] as number, length: numbers[i + 1] as number });
  return pieces;
}

/**
 * Reads the map of pax 1.0, which precedes the data: decimal numbers, a line each, the count of pieces first,
 * padded to whole blocks. Takes one block a call; gives the pieces once it has them all.
 */
export function textMapReader(): (block: Buffer) => SparsePiece[] | undefined {
  const numbers: number[] = [];
  let rest = '';
  return (block) => {
    const lines = (rest + block.toString('latin1', 0, BLOCK)).split('\n');
    rest = lines.pop() as string;
    for (const line of lines) {
      numbers.push(decimal(line));
      const wanted = 1 + 2 * (numbers[0] as number);
      if (wanted > MAX_MAP_BYTES / 2) throw brokenTar('a sparse map that is too large');
      if (numbers.length === wanted) return pairs(numbers.slice(1));
    }
    if (rest.length > 16) throw brokenTar('a broken sparse map');
    return undefined;
  };
}

/** The map of pax 1.0 for what textMapReader reads. */
export function sparseMap(pieces: readonly SparsePiece[]): Uint8Array {
  const numbers = [pieces.length, ...pieces.flatMap(({ offset, length }) => [offset, length])];
  const text = numbers.map((number) => `${number}\n`).join('');
  const map = Buffer.alloc(Math.ceil(text.length / BLOCK) * BLOCK);
  map.write(text, 'latin1');
  return map;
}

/** Throws unless the pieces follow each other inside a file of `size` bytes and make up what is stored. */
export function checkPieces(pieces: SparsePiece[], size: number, stored: number): void {
  let end = 0;
  let sum = 0;
  for (const piece of pieces) {
    if (piece.offset < end || piece.length < 0) throw brokenTar('a sparse map whose pieces overlap');
    end = piece.offset + piece.length;
    sum += piece.length;
    if (end > size) throw brokenTar('a sparse map that goes past the end of its file');
  }
  if (sum !== stored) throw brokenTar('a sparse map that does not fit its data');
}

function decimal(text: string): number {
  if (!/^\d{1,16}$/.test(text)) throw brokenTar('a number in a sparse map that is none');
  const value = Number(text);
  if (value > Number.MAX_SAFE_INTEGER) throw brokenTar('a number in a sparse map that is too large');
  return value;
}
