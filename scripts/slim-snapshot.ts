/**
 * Takes what costs time at each start out of a packed binary: the start-up snapshot that Node embeds carries, beside
 * the heap with the compiled functions that have run, a code cache of all of Node's own modules: 4 MB that are copied
 * before the first line runs, for modules most of which are in the heap already or never asked for. Node can leave the
 * cache out (`withoutCodeCache`, nodejs.org/api/cli.html#--build-snapshot-config), but then the compiled functions too.
 */
import { readFileSync } from 'node:fs';
import { endOfBlob, endOfSpans, findSnapshot, sizeAt, sizeBytes, writeAt } from './sea-blob.ts';

/** How many modules Node can have built in, at the least and the most. */
const MODULES = { least: 100, most: 1000 };

/** The snapshot's last part, the code cache: a count, and so many pairs of a module's name and its code. */
function findCodeCache(snapshot: Buffer): number {
  for (let at = 0; at < snapshot.length - 8; at++) {
    const count = sizeAt(snapshot, at);
    if (count < MODULES.least || count > MODULES.most) continue;
    if (endOfSpans(snapshot, at + 8, 2 * count) === snapshot.length) return at;
  }
  throw new Error('the start-up snapshot has no code cache where this version of Node puts it');
}

/** The names in the code cache at `at` with their code, and where each pair is. */
function* cached(snapshot: Buffer, at: number): Generator<{ name: string; code: Buffer; pair: Buffer }> {
  let from = at + 8;
  for (let left = sizeAt(snapshot, at); left > 0; left--) {
    const middle = endOfSpans(snapshot, from, 1)!;
    const to = endOfSpans(snapshot, middle, 1)!;
    const name = snapshot.toString('latin1', from + 8, middle);
    yield { name, code: snapshot.subarray(middle + 8, to), pair: snapshot.subarray(from, to) };
    from = to;
  }
}

/** Takes the code cache out of the snapshot of the packed `binary`, but for what is to be kept. */
export function slimSnapshot(binary: string, keep: (name: string, code: Buffer) => boolean): void {
  const whole = readFileSync(binary);
  const { at, length } = findSnapshot(whole);
  const snapshot = whole.subarray(at + 8, at + 8 + length);
  const cache = findCodeCache(snapshot);
  const kept = [...cached(snapshot, cache)].filter(({ name, code }) => keep(name, code));
  const pairs = kept.map(({ pair }) => pair);
  const slim = Buffer.concat([snapshot.subarray(0, cache), sizeBytes(pairs.length), ...pairs]);
  const rest = whole.subarray(at + 8 + length, endOfBlob(whole, at + 8 + length));
  const unused = Buffer.alloc(length - slim.length);
  writeAt(binary, Buffer.concat([sizeBytes(slim.length), slim, rest, unused]), at);
}
