import { sprintf } from './printf.ts';
import { display, entriesOf, isTrue, toJson, typeName } from './values.ts';

/** Why a function can't do what was asked; the evaluator adds the name and the position. */
export class FunctionRefusal extends Error {}

export type TemplateFunction = (...args: unknown[]) => unknown;

interface Declared {
  call: TemplateFunction;
  /** Fewest and most arguments. */
  least: number;
  most: number;
}

const many = Number.POSITIVE_INFINITY;

/** Go's own functions and those that docker and podman add. `and`, `or` are the evaluator's: they stop early. */
export const functions: ReadonlyMap<string, Declared> = new Map(
  Object.entries({
    and: exactly(1, many, (...args) => args.find((arg) => !isTrue(arg)) ?? args.at(-1)),
    or: exactly(1, many, (...args) => args.find(isTrue) ?? args.at(-1)),
    not: exactly(1, 1, (value) => !isTrue(value)),
    len: exactly(1, 1, lengthOf),
    index: exactly(1, many, (value, ...keys) => keys.reduce(indexed, value)),
    slice: exactly(1, 4, sliced),
    call: exactly(1, many, called),
    print: exactly(0, many, printed),
    println: exactly(0, many, (...args) => `${args.map(text).join(' ')}\n`),
    printf: exactly(1, many, (format, ...args) => sprintf(stringOf(format), args)),
    html: exactly(0, many, (...args) => escapeHtml(printed(...args))),
    js: exactly(0, many, (...args) => escapeScript(printed(...args))),
    urlquery: exactly(0, many, (...args) => escapeQuery(printed(...args))),
    eq: exactly(2, many, (value, ...others) => others.some((other) => equal(value, other))),
    ne: exactly(2, 2, (left, right) => !equal(left, right)),
    lt: exactly(2, 2, (left, right) => compared(left, right) < 0),
    le: exactly(2, 2, (left, right) => compared(left, right) <= 0),
    gt: exactly(2, 2, (left, right) => compared(left, right) > 0),
    ge: exactly(2, 2, (left, right) => compared(left, right) >= 0),
    json: exactly(1, 1, (value) => toJson(value)),
    join: exactly(2, 2, (list, separator) => listOf(list).map(text).join(stringOf(separator))),
    split: exactly(2, 2, (value, separator) => stringOf(value).split(stringOf(separator))),
    lower: exactly(1, 1, (value) => stringOf(value).toLowerCase()),
    upper: exactly(1, 1, (value) => stringOf(value).toUpperCase()),
    title: exactly(1, 1, (value) =>
      stringOf(value).replace(/(?<![\p{L}\p{Nd}_])\p{L}/gu, (letter) => letter.toUpperCase()),
    ),
    truncate: exactly(2, 2, (value, length) => truncated(stringOf(value), countOf(length))),
    pad: exactly(3, 3, (value, before, behind) => padded(stringOf(value), countOf(before), countOf(behind))),
  } satisfies Record<string, Declared>),
);

function exactly(least: number, most: number, call: TemplateFunction): Declared {
  return { call, least, most };
}

function text(value: unknown): string {
  return value === undefined ? '<no value>' : display(value);
}

/** fmt.Sprint: a space between two operands when neither is a string. */
function printed(...args: unknown[]): string {
  return args.reduce<string>((sofar, arg, index) => {
    const gap = index > 0 && typeof arg !== 'string' && typeof args[index - 1] !== 'string';
    return sofar + (gap ? ' ' : '') + (arg === undefined ? '<nil>' : text(arg));
  }, '');
}

function stringOf(value: unknown): string {
  if (typeof value === 'string') return value;
  throw new FunctionRefusal(`it takes text, not ${typeName(value)}`);
}

function listOf(value: unknown): unknown[] {
  if (Array.isArray(value)) return value;
  if (value === null || value === undefined) return [];
  throw new FunctionRefusal(`it takes a list, not ${typeName(value)}`);
}

function countOf(value: unknown): number {
  if (typeof value === 'number' && Number.isInteger(value) && Math.abs(value) <= 1_000_000) return value;
  throw new FunctionRefusal(`it takes a whole number, not ${display(value)}`);
}

/** Characters of Go are bytes of UTF-8. */
function lengthOf(value: unknown): number {
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (Array.isArray(value)) return value.length;
  if (value instanceof Map) return value.size;
  if (typeof value === 'object' && value !== null) return Object.keys(value).length;
  throw new FunctionRefusal(`${typeName(value)} has no length`);
}

function indexed(value: unknown, key: unknown): unknown {
  if (Array.isArray(value) || typeof value === 'string') {
    const items = typeof value === 'string' ? Buffer.from(value) : value;
    const position = countOf(key);
    if (position < 0 || position >= items.length)
      throw new FunctionRefusal(`${position} is out of range, there are ${items.length}`);
    return items[position];
  }
  if (value === null || value === undefined) throw new FunctionRefusal('there is nothing to look into');
  if (typeof value !== 'object') throw new FunctionRefusal(`${typeName(value)} has no parts`);
  const entries = entriesOf(value);
  const found = entries.find(([name]) => name === display(key));
  if (found) return found[1];
  // The zero value of the map's type, which only its other values can tell.
  return entries.every(([, item]) => typeof item === 'string') ? '' : null;
}

function sliced(value: unknown, from: unknown = 0, to?: unknown): unknown {
  const whole = typeof value === 'string' ? Buffer.from(value) : listOf(value);
  const begin = countOf(from);
  const end = to === undefined ? whole.length : countOf(to);
  if (begin < 0 || end > whole.length || begin > end)
    throw new FunctionRefusal(`${begin} to ${end} is out of range, there are ${whole.length}`);
  const part = whole.slice(begin, end);
  return Buffer.isBuffer(part) ? part.toString() : part;
}

function called(value: unknown, ...args: unknown[]): unknown {
  if (typeof value === 'function') return value(...args);
  throw new FunctionRefusal(`${typeName(value)} can't be called`);
}

function basicKind(value: unknown): string {
  if (value === null || value === undefined) return 'nil';
  return typeof value === 'bigint' ? 'number' : typeof value;
}

function equal(left: unknown, right: unknown): boolean {
  const kinds = [basicKind(left), basicKind(right)];
  if (kinds.includes('nil')) return kinds[0] === kinds[1];
  if (kinds[0] !== kinds[1])
    throw new FunctionRefusal(`${typeName(left)} and ${typeName(right)} can't be compared`);
  if (kinds[0] === 'object') throw new FunctionRefusal(`${typeName(left)} can't be compared`);
  // biome-ignore lint/suspicious/noDoubleEquals: a bigint equals the number of the same value.
  return left == right;
}

function compared(left: unknown, right: unknown): number {
  const kinds = [basicKind(left), basicKind(right)];
  if (kinds[0] !== kinds[1] || (kinds[0] !== 'number' && kinds[0] !== 'string'))
    throw new FunctionRefusal(`${typeName(left)} and ${typeName(right)} have no order`);
  const [one, two] = [left as number, right as number];
  return one < two ? -1 : one > two ? 1 : 0;
}

function truncated(value: string, length: number): string {
  return length >= 0 ? [...value].slice(0, length).join('') : value;
}

function padded(value: string, before: number, behind: number): string {
  return value === '' ? '' : ' '.repeat(Math.max(0, before)) + value + ' '.repeat(Math.max(0, behind));
}

const htmlEscapes = new Map(
  Object.entries({ '"': '&#34;', "'": '&#39;', '&': '&amp;', '<': '&lt;', '>': '&gt;', '\0': '\ufffd' }),
);

function escapeHtml(value: string): string {
  return value.replace(/["'&<>\0]/g, (character) => htmlEscapes.get(character)!);
}

/** text/template's JSEscape. */
function escapeScript(value: string): string {
  return value.replace(/[\\'"<>&=]|\p{C}|[\u2028\u2029]/gu, (character) => {
    if ('\\\'"'.includes(character)) return `\\${character}`;
    return `\\u${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}`;
  });
}

/** net/url's QueryEscape. */
function escapeQuery(value: string): string {
  const encoded = encodeURIComponent(value.toWellFormed());
  const strict = encoded.replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return strict.replaceAll('%20', '+');
}

/** For the names of columns: `{{json .ID}}` and its like give the header itself, comparisons are true. */
export const headerFunctions: ReadonlyMap<string, Declared> = new Map(
  [...functions].map(([name, declared]) => {
    const comparison = ['eq', 'ne', 'lt', 'le', 'gt', 'ge', 'not'].includes(name);
    const keeps = ['print', 'println', 'printf', 'pad', 'and', 'or', 'call'].includes(name);
    const call: TemplateFunction = comparison
      ? () => true
      : (...args) => args.find((arg) => typeof arg === 'string') ?? '';
    return [name, keeps ? declared : { ...declared, call }] as const;
  }),
);
