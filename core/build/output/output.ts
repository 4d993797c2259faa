/** `--output`: where the result of a build goes beside the store. docker-buildx-build(1). */

import { PodError } from '../../error.ts';
import type { BuildOptions } from '../options.ts';
import { type Refused, type TypedFields, typedFields } from '../typed-fields.ts';

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

/** One `-o`: nothing for `type=cacheonly`. Throws PodError `usage`. */
export function parseOutput(text: string): BuildOutput | undefined {
  const refused: Refused = (why, hint) =>
    new PodError({
      code: 'usage',
      message: `cannot use --output ${JSON.stringify(text)}`,
      why,
      hint,
    });
  if (text === '-') return { type: 'tar', destination: '-' };
  if (text === '') throw refused('it is empty');
  if (!text.includes('=')) return { type: 'local', destination: text };
  const fields = typedFields(text, KEYS, refused, (given) => (given.has('dest') ? 'local' : ''));
  return outputOf(fields, refused);
}

function outputOf({ type, get, isTrue }: TypedFields, refused: Refused): BuildOutput | undefined {
  const names = (get('name') ?? '').split(',').filter((name) => name !== '');
  const destination = get('dest') ?? '';
  switch (type) {
    case 'image':
      return { type, names, push: isTrue('push', false) };
    case 'registry':
      return { type: 'image', names, push: true };
    case 'local':
      if (destination === '' || destination === '-') throw refused('dest= must name a directory');
      return { type, destination };
    case 'tar':
      return { type, destination: destination || '-' };
    case 'oci':
    case 'docker': {
      // Docker loads what has no destination into its store.
      if (type === 'docker' && destination === '') return { type: 'image', names, push: false };
      const tar = isTrue('tar', true);
      if (!tar && (destination === '' || destination === '-' || type === 'docker'))
        throw refused('tar=false needs type=oci and a directory as dest=');
      return { type, destination: destination || '-', names, tar };
    }
    default:
      return undefined;
  }
}
