/** So many zeros, in pieces. */
export function* zeros(length: number): Generator<Uint8Array, void, undefined> {
  const piece = new Uint8Array(Math.min(length, 1 << 20));
  for (let left = length; left > 0; left -= piece.length)
    yield piece.subarray(0, Math.min(left, piece.length));
}
