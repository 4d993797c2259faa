/** Looks at a piece of JSON and says with its path what is wrong with it. null counts as left out, as in Go. */
import { PodError } from '../../core/error.ts';

export interface Checker {
  /** `syscalls[3].args[0]`, for messages. */
  path: string;
  object(): { required(key: string): Checker; optional(key: string): Checker | undefined };
  list<T>(each: (item: Checker) => T): T[];
  text(): string;
  matching(pattern: RegExp, expected: string): string;
  oneOf(words: readonly string[]): string;
  integer(least: number, most: number): number;
  /** An integer that fits into 64 bits, with or without a sign. */
  word(): number | bigint;
}

export function invalid(why: string): PodError {
  return new PodError({ code: 'invalid', message: 'cannot use the seccomp profile', why });
}

export function at(path: string, value: unknown): Checker {
  const place = path === '' ? 'it' : path;
  const wrong = (expected: string): PodError => invalid(`${place} is ${shown(value)}, expected ${expected}`);
  const text = (): string => {
    if (typeof value !== 'string') throw wrong('a string');
    return value;
  };
  return {
    path,
    text,
    object() {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong('an object');
      const own = (key: string): unknown => (Object.hasOwn(value, key) ? Reflect.get(value, key) : undefined);
      const inner = (key: string): string => (path === '' ? key : `${path}.${key}`);
      return {
        required(key) {
          const item = own(key);
          if (item === undefined || item === null) throw invalid(`${inner(key)} is missing`);
          return at(inner(key), item);
        },
        optional(key) {
          const item = own(key);
          return item === undefined || item === null ? undefined : at(inner(key), item);
        },
      };
    },
    list(each) {
      if (!Array.isArray(value)) throw wrong('a list');
      return value.map((item, index) => each(at(`${path}[${index}]`, item)));
    },
    matching(pattern, expected) {
      if (!pattern.test(text())) throw wrong(expected);
      return text();
    },
    oneOf(words) {
      if (!words.includes(text())) throw wrong(`one of ${words.join(' ')}`);
      return text();
    },
    integer(least, most) {
      const fits = typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most;
      if (!fits) throw wrong(`a number from ${least} to ${most}`);
      return value;
    },
    word() {
      const whole = typeof value === 'bigint' || (typeof value === 'number' && Number.isInteger(value));
      if (!whole || value < -(2n ** 63n) || value >= 2n ** 64n) throw wrong('an integer of 64 bits');
      return value;
    },
  };
}

/** Short enough for one line. */
function shown(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'an object';
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
