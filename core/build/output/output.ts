/** `--output`: where the result of a build goes beside the store. docker-buildx-build(1). */

import { csvPairs } from '../../csv.ts';
import { PodError } from '../../error.ts';
import type { BuildOptions } from '../options.ts';

export type BuildOutput =
  /** An image in the store: `name=` beside -t, `push=true`. */
  | { readonly type: 'image'; readonly names: readonly string[]; readonly push: boolean }
  /** The files. `-o DIR` is the first, `-o -` the second. */
  | { readonly type: 'local'; readonly destination: string }
  | { readonly type: 'tar'; readonly destination: string | '-' }
  /** An archive of the image, or with `tar=false` a directory. */
  | {
      readonly type: 'oci' | 'docker';
      readonly destination: string | '-';
      readonly names: readonly string[];
      readonly tar: boolean;
    };

/** Whether the build's image comes into the store, or its files are all that is wanted. Throws PodError `usage`. */
export function storesImage({ tags, manifest, outputs }: BuildOptions): boolean {
  if (tags.length > 0 || manifest !== undefined || outputs.length === 0) return true;
  const types = outputs.map((text) => parseOutput(text)?.type);
  return types.some((type) => type !== undefined && type !== 'local' && type !== 'tar');
}

const KEYS: Record<string, readonly string[]> = {
  image: ['name', 'push'],
  registry: ['name'],
  local: ['dest'],
  tar: ['dest'],
  oci: ['dest', 'name', 'tar'],
  docker: ['dest', 'name', 'tar'],
  cacheonly: [],
};

function refused(text: string, why: string, hint?: string): PodError {
  return new PodError({
    code: 'usage',
    message: `cannot use --output ${JSON.stringify(text)}`,
    why,
    ...(hint && { hint }),
  });
}

/** One `-o`: nothing for `type=cacheonly`. Throws PodError `usage`. */
export function parseOutput(text: string): BuildOutput | undefined {
  if (text === '-') return { type: 'tar', destination: '-' };
  if (text === '') throw refused(text, 'it is empty');
  if (!text.includes('=')) return { type: 'local', destination: text };
  const fields = new Map(fieldsOf(text));
  const type = fields.get('type') ?? (fields.has('dest') ? 'local' : '');
  const known = KEYS[type];
  if (!known)
    throw refused(
      text,
      type === '' ? 'it has no type' : `there is no type ${type}`,
      `the types are ${Object.keys(KEYS).join(', ')}`,
    );
  for (const key of fields.keys())
    if (key !== 'type' && !known.includes(key))
      throw refused(text, `type=${type} has no ${key}`, known.length > 0 ? `it has ${known.join(', ')}` : '');
  return outputOf(type, fields, text);
}

function outputOf(type: string, fields: ReadonlyMap<string, string>, text: string): BuildOutput | undefined {
  const names = (fields.get('name') ?? '').split(',').filter((name) => name !== '');
  const destination = fields.get('dest') ?? '';
  const isTrue = (key: string, fallback: boolean): boolean => {
    const value = fields.get(key);
    if (value === undefined) return fallback;
    if (!/^(?:true|false|1|0)$/.test(value)) throw refused(text, `${key}=${value} is neither true nor false`);
    return value === 'true' || value === '1';
  };
  switch (type) {
    case 'image':
      return { type, names, push: isTrue('push', false) };
    case 'registry':
      return { type: 'image', names, push: true };
    case 'local':
      if (destination === '' || destination === '-') throw refused(text, 'dest= must name a directory');
      return { type, destination };
    case 'tar':
      return { type, destination: destination || '-' };
    case 'oci':
    case 'docker': {
      // Docker loads what has no destination into its store.
      if (type === 'docker' && destination === '') return { type: 'image', names, push: false };
      const tar = isTrue('tar', true);
      if (!tar && (destination === '' || destination === '-' || type === 'docker'))
        throw refused(text, 'tar=false needs type=oci and a directory as dest=');
      return { type, destination: destination || '-', names, tar };
    }
    default:
      return undefined;
  }
}

function fieldsOf(text: string): [string, string][] {
  const pairs = csvPairs(text);
  if (!pairs) throw refused(text, 'a quote is out of place', 'quote a whole field: "name=a,b"');
  return pairs.map(([key, value]) => {
    if (key === '' || value === undefined) throw refused(text, `${JSON.stringify(key)} is not KEY=VALUE`);
    return [key.trim().toLowerCase(), value];
  });
}
