/**
 * A number with so many decimals, as C and Go round it: what lies exactly in the middle goes to the even digit, where
 * JavaScript's toFixed goes up (2.5 -> "2", 0.125 -> "0.12"). `decimals` is at most 100.
 */
export function toFixedEven(value: number, decimals: number): string {
  if (Math.abs(value) >= 1e21) return `${BigInt(value)}${decimals > 0 ? '.'.padEnd(decimals + 1, '0') : ''}`;
  const rounded = value.toFixed(decimals);
  const exact = Math.abs(value).toFixed(100);
  const behind = exact.indexOf('.') + 1 + decimals;
  if (!/^50*$/.test(exact.slice(behind))) return rounded;
  const down = exact.slice(0, decimals === 0 ? behind - 1 : behind);
  const isEven = '02468'.includes(down.at(-1)!);
  return isEven ? (value < 0 ? `-${down}` : down) : rounded;
}
