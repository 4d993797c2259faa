export type Random = (below: number) => number;

/** Mulberry32: the same seed gives the same run. */
export function random(seed: number): Random {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

export function oneOf<T>(list: readonly T[], chance: Random): T {
  return list[chance(list.length)] as T;
}

/** FUZZ_SEED, else always the same one: what fails by chance is looked for by those who ask for it. */
export const seed = Number(process.env.FUZZ_SEED ?? 1);

/** FUZZ_SECONDS, else what suits a test among others. */
export function fuzzSeconds(usual: number): number {
  return Number(process.env.FUZZ_SECONDS ?? usual);
}
