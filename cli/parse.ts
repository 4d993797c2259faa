import type { LooseTest, StrictValidator } from 'typanion';
import { PodError } from '../core/error.ts';

/** The error of a value that can't be read: `what` is its kind, `why` says what it should be. */
export function refused(what: string, text: string, why: string): PodError {
  return new PodError({ code: 'usage', message: `invalid ${what} ${JSON.stringify(text)}`, why });
}

const milliseconds = new Map([
  ['ns', 1e-6],
  ['us', 1e-3],
  ['µs', 1e-3],
  ['μs', 1e-3],
  ['ms', 1],
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
]);

/** Milliseconds of a duration as Go's time.ParseDuration reads it: `1h30m`, `1.5s`, `-300ms`, `0`. Throws PodError `usage`. */
export function parseDuration(text: string): number {
  const body = text.replace(/^[+-]/, '');
  if (body === '0') return 0;
  const part = /(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/y;
  let total = 0;
  while (part.lastIndex < body.length || body === '') {
    const found = part.exec(body);
    if (!found) throw refused('duration', text, 'it takes numbers with a unit, as in 30s, 1m30s or 500ms');
    total += Number(found[1]) * milliseconds.get(found[2]!)!;
  }
  return text.startsWith('-') ? -total : total;
}

/** A whole number within bounds (both included). Throws PodError `usage`. */
export function parseInteger(
  text: string,
  least = Number.MIN_SAFE_INTEGER,
  most = Number.MAX_SAFE_INTEGER,
): number {
  const value = /^[+-]?\d+$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(value) && value >= least && value <= most) return value;
  const from = least === Number.MIN_SAFE_INTEGER ? '' : ` from ${least}`;
  const to = most === Number.MAX_SAFE_INTEGER ? '' : ` to ${most}`;
  throw refused('number', text, `it takes a whole number${from}${to}`);
}

/** Splits at the first `=`; the value is undefined where there is none, and may be empty. Throws PodError `usage` on an empty key. */
export function parseKeyValue(text: string): [key: string, value: string | undefined] {
  const equals = text.indexOf('=');
  const key = equals < 0 ? text : text.slice(0, equals);
  if (key === '') throw refused('key=value', text, 'the key is empty');
  return [key, equals < 0 ? undefined : text.slice(equals + 1)];
}

/** `KEY=VALUE` words as a record, the last one of a key wins; no `=` means an empty value, as for labels. */
export function parseKeyValues(texts: readonly string[]): Record<string, string> {
  const pairs = texts.map(parseKeyValue).map(([key, value = '']) => [key, value] as const);
  return Object.fromEntries(pairs);
}

/** The one of `choices` that was typed. Throws PodError `usage` that names them all, and has them as `choices`. */
export function parseChoice<const T extends string>(text: string, choices: readonly T[]): T {
  const found = choices.find((choice) => choice === text);
  if (found === undefined)
    throw Object.assign(refused('value', text, `it takes ${listed(choices)}`), { choices });
  return found;
}

function listed(choices: readonly string[]): string {
  if (choices.length < 2) return choices.join();
  return `${choices.slice(0, -1).join(', ')} or ${choices.at(-1)}`;
}

/**
 * A validator for Option.String: the property gets what `parse` returns, and the option's name is added to what `parse`
 * throws. `Option.String('--since', { validator: parsed(parseDuration) })`.
 */
export function parsed<T>(parse: (text: string) => T) {
  return coercing<T>((value) => parse(value as string));
}

/** A validator for an option with a closed list of values. */
export function oneOf<const T extends string>(...choices: T[]) {
  return parsed((text) => parseChoice(text, choices));
}

function coercing<T>(parse: (value: unknown) => T): StrictValidator<unknown, T> {
  const test: LooseTest<unknown> = (value, state) => {
    if (state?.coercion) state.coercions?.push(['.', state.coercion.bind(undefined, parse(value))]);
    return true;
  };
  return test as StrictValidator<unknown, T>;
}
