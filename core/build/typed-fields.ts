/** `type=local,dest=DIR`: a flag of docker's builder whose type says which fields it has. */

import { csvPairs } from '../csv.ts';
import type { PodError } from '../error.ts';

export interface TypedFields {
  readonly type: string;
  get(key: string): string | undefined;
  /** Throws what `refused` gives for what is neither true nor false. */
  isTrue(key: string, fallback: boolean): boolean;
}

export type Refused = (why: string, hint?: string) => PodError;

/** `kinds`: the fields of each type; `typeOf`: what it is where it doesn't say. Throws what `refused` gives. */
export function typedFields(
  text: string,
  kinds: Readonly<Record<string, readonly string[]>>,
  refused: Refused,
  typeOf: (fields: ReadonlyMap<string, string>) => string = () => '',
): TypedFields {
  const fields = fieldsOf(text, refused);
  const type = fields.get('type') ?? typeOf(fields);
  const known = Object.hasOwn(kinds, type) ? kinds[type] : undefined;
  if (!known)
    throw refused(
      type === '' ? 'it has no type' : `there is no type ${type}`,
      `the types are ${Object.keys(kinds).join(', ')}`,
    );
  for (const key of fields.keys())
    if (key !== 'type' && !known.includes(key))
      throw refused(`type=${type} has no ${key}`, known.length > 0 ? `it has ${known.join(', ')}` : '');
  return {
    type,
    get: (key) => fields.get(key),
    isTrue(key, fallback) {
      const value = fields.get(key);
      if (value === undefined) return fallback;
      if (!/^(?:true|false|1|0)$/.test(value)) throw refused(`${key}=${value} is neither true nor false`);
      return value === 'true' || value === '1';
    },
  };
}

function fieldsOf(text: string, refused: Refused): Map<string, string> {
  const pairs = csvPairs(text);
  if (!pairs) throw refused('a quote is out of place', 'quote a whole field: "name=a,b"');
  return new Map(
    pairs.map(([key, value]) => {
      if (key === '' || value === undefined) throw refused(`${JSON.stringify(key)} is not KEY=VALUE`);
      return [key.trim().toLowerCase(), value];
    }),
  );
}
