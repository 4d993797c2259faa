/** The same numbers in every run, so that a failure can be repeated: integers from 0 to below the bound. */
export function randomness(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** Arguments at the edges of 32 and 64 bits. */
export const EDGES = [
  0n,
  1n,
  5n,
  0x7fffffffn,
  0x80000000n,
  0xffffffffn,
  0x100000000n,
  0x100000005n,
  2n ** 63n,
  2n ** 64n - 1n,
];
