/** Durations as Go writes them: "1h30m", "1.5s", "300ms". */

const NANOSECONDS: Record<string, number> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
};

/** In nanoseconds; undefined where it is none. "0" needs no unit. */
export function nanoseconds(text: string): number | undefined {
  if (text === '0') return 0;
  if (text === '' || text.length > 64) return undefined;
  let sum = 0;
  let rest = text;
  while (rest !== '') {
    const [whole, number, unit] = /^(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)/.exec(rest) ?? [];
    if (whole === undefined) return undefined;
    sum += Number(number) * NANOSECONDS[unit!]!;
    rest = rest.slice(whole.length);
  }
  return sum <= Number.MAX_SAFE_INTEGER ? Math.round(sum) : undefined;
}
