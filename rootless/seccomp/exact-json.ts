/**
 * JSON whose integers stay what they are. A comparison in a seccomp profile is with a 64-bit number
 * (18446744073709551615 is common), which a double would round: such numbers are bigints here.
 */

/** As JSON.parse; throws its SyntaxError, also for what is nested too deeply to be walked through. */
export function parseExact(text: string): unknown {
  try {
    return parse(text);
  } catch (error) {
    throw error instanceof RangeError ? new SyntaxError('it is nested too deeply') : error;
  }
}

function parse(text: string): unknown {
  return JSON.parse(text, ((_key: string, value: unknown, context?: { source?: string }) => {
    const source = context?.source;
    const lossy = typeof value === 'number' && !Number.isSafeInteger(value) && source !== undefined;
    return lossy && /^-?\d+$/.test(source) ? BigInt(source) : value;
  }) as (key: string, value: unknown) => unknown);
}

/** As JSON.stringify, with bigints as the integers they are. */
export function stringifyExact(value: unknown, indent?: number): string {
  try {
    return JSON.stringify(value, undefined, indent);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error; // it has a bigint
  }
  const raw = (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON;
  return JSON.stringify(value, (_key, item) => (typeof item === 'bigint' ? raw(String(item)) : item), indent);
}
