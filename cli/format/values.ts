/**
 * JavaScript values as Go's templates see them: arrays are slices, functions are methods, undefined is "no value",
 * null is nil. An object is a struct, whose fields are fixed, or a map, whose keys are free: a Map is a map, and a
 * plain object is one by its keys (see isMap).
 */
import { escapeInJson } from '../output/escape.ts';

export type Fields = Record<string, unknown>;

/** Fields of docker's and podman's JSON whose keys the user chose: their values are maps even when they look like structs. */
const mapFields = new Set(
  'Annotations BuildArgs DriverOpts ExposedPorts IPAMOptions Labels LogOpts Networks Options'
    .concat(' PortBindings Ports StorageOpt Sysctls Tmpfs Volumes')
    .split(' '),
);

const knownMaps = new WeakSet<object>();

/** Says that a plain object is a map: `{{.Missing}}` is then `<no value>` and no error. Returns it. */
export function asMap<T extends object>(value: T): T {
  knownMaps.add(value);
  return value;
}

export function isMarkedMap(value: object): boolean {
  return knownMaps.has(value);
}

/** A field of a value, marked as a map where its name says that it is one. */
export function fieldOf(holder: Fields, name: string): unknown {
  const value = holder[name];
  if (mapFields.has(name) && isPlainObject(value)) knownMaps.add(value);
  return value;
}

export function isPlainObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Map);
}

/** Whether the keys of an object are data: marked so, none at all, or one that no Go field could be called. */
export function isMap(value: object): boolean {
  if (value instanceof Map || knownMaps.has(value) || Object.getPrototypeOf(value) === null) return true;
  const keys = Object.keys(value);
  return keys.length === 0 || !keys.every((key) => /^\p{Lu}[\p{L}\p{Nd}_]*$/u.test(key));
}

/** Keys and values of a map, sorted by key as Go prints and ranges them. */
export function entriesOf(value: object): [string, unknown][] {
  const entries =
    value instanceof Map
      ? [...value].map(([key, item]) => [String(key), item] as const)
      : Object.entries(value);
  return (entries as [string, unknown][]).sort(([left], [right]) =>
    left < right ? -1 : left > right ? 1 : 0,
  );
}

/** What counts as true for if, with, and, or, not (text/template, "Actions"). */
export function isTrue(value: unknown): boolean {
  if (value === undefined || value === null) return false;
  if (Array.isArray(value)) return value.length > 0;
  if (value instanceof Map) return value.size > 0;
  if (value instanceof Date) return true;
  if (typeof value === 'object') return !isMap(value) || Object.keys(value).length > 0;
  return Boolean(value);
}

/** The name that Go would give the type, for messages. */
export function typeName(value: unknown): string {
  if (value === undefined || value === null) return 'nil';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'number' && !Number.isInteger(value)) return 'float64';
  if (typeof value === 'number' || typeof value === 'bigint') return 'int';
  if (Array.isArray(value)) return '[]interface {}';
  if (typeof value === 'object') return isMap(value) ? 'map[string]interface {}' : 'struct';
  return typeof value === 'function' ? 'func' : 'string';
}

/** A value as `{{.}}` and %v print it: `map[a:b c:d]`, `[a b]`, `{a b}`, `<nil>`. */
export function display(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value === undefined) return '<no value>';
  if (value === null) return '<nil>';
  if (typeof value === 'number') return displayNumber(value);
  if (value instanceof Date) return displayDate(value);
  if (Array.isArray(value)) return `[${value.map(displayInside).join(' ')}]`;
  if (typeof value !== 'object') return typeof value === 'function' ? '<func>' : String(value);
  if (!isMap(value)) return `{${Object.values(value).map(displayInside).join(' ')}}`;
  return `map[${entriesOf(value)
    .map(([key, item]) => `${key}:${displayInside(item)}`)
    .join(' ')}]`;
}

function displayInside(value: unknown): string {
  return display(value === undefined ? null : value);
}

/**
 * A whole number that an int64 holds as an int; any other as %v has a float64 (strconv.FormatFloat(v, 'g', -1, 64)).
 */
export function displayNumber(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  if (Object.is(value, -0)) return '-0';
  if (Number.isInteger(value) && Math.abs(value) < 2 ** 63) return String(BigInt(value));
  const [digits, power = ''] = value.toExponential().split('e');
  const exponent = Number(power);
  if (exponent >= -4 && exponent < 6) return String(value);
  return `${digits}e${power[0]}${power.slice(1).padStart(2, '0')}`;
}

/** time.Time's String, in UTC. */
function displayDate(value: Date): string {
  if (Number.isNaN(value.getTime())) return '0001-01-01 00:00:00 +0000 UTC';
  const [day, time = ''] = value.toISOString().split('T');
  return `${day} ${time.replace(/\.?0*Z$/, '')} +0000 UTC`;
}

/** JSON as docker prints it: keys of maps sorted, fields of structs as they are, <>& not escaped, what controls terminals
 * is; methods without arguments count as fields, others are left out. */
export function toJson(value: unknown, indent?: number): string {
  return escapeInJson(JSON.stringify(jsonValue(value) ?? null, undefined, indent));
}

function jsonValue(value: unknown): unknown {
  if (typeof value === 'bigint')
    return (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(String(value));
  if (typeof value === 'function') return value.length === 0 ? jsonValue(value()) : undefined;
  if (Array.isArray(value)) return value.map((item) => jsonValue(item) ?? null);
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  const entries = isMap(value) ? entriesOf(value) : Object.entries(value);
  return Object.fromEntries(entries.map(([key, item]) => [key, jsonValue(item)]));
}
