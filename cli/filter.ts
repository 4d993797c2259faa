import { PodError } from '../core/error.ts';
import { nearest } from '../core/nearest.ts';

/** Key -> its values, in the order typed. Values of one key are alternatives, keys restrict each other. */
export type Filters = Map<string, string[]>;

/**
 * Reads `--filter key=value` words. Keys are taken in any case, as docker does; `label!=x` has the key `label!`.
 * Throws PodError `usage` for a word without `=` and for a key that the command does not have.
 */
export function parseFilters(words: readonly string[], keys: readonly string[]): Filters {
  const filters: Filters = new Map();
  for (const word of words) {
    const equals = word.indexOf('=');
    if (equals < 0)
      throw new PodError({
        code: 'usage',
        message: `invalid filter ${JSON.stringify(word)}`,
        why: 'it takes key=value',
        hint: known(keys),
      });
    const key = word.slice(0, equals).trim().toLowerCase();
    if (!keys.includes(key)) {
      const near = nearest(key, keys);
      const hint = near === undefined ? known(keys) : `Did you mean ${near}? ${known(keys)}`;
      throw new PodError({ code: 'usage', message: `unknown filter ${JSON.stringify(key)}`, hint });
    }
    filters.set(key, [...(filters.get(key) ?? []), word.slice(equals + 1).trim()]);
  }
  return filters;
}

function known(keys: readonly string[]): string {
  return `The filters are ${keys.join(', ')}.`;
}

/**
 * Whether an object passes: for each key, `matches` holds for one of its values at least (for all of them where the key
 * is `label` or ends in `!`, as docker has it).
 */
export function passes(filters: Filters, matches: (key: string, value: string) => boolean): boolean {
  return [...filters].every(([key, values]) => {
    const test = (value: string) => matches(key, value);
    return key === 'label' || key.endsWith('!') ? values.every(test) : values.some(test);
  });
}

/** Whether labels have a key, or with `key=value` that very value. */
export function hasLabel(labels: Readonly<Record<string, string>>, wanted: string): boolean {
  const equals = wanted.indexOf('=');
  if (equals < 0) return Object.hasOwn(labels, wanted);
  const key = wanted.slice(0, equals);
  return Object.hasOwn(labels, key) && labels[key] === wanted.slice(equals + 1);
}
