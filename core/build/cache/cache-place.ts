/** `--cache-from` and `--cache-to`: where results of steps are shared with other machines. docker-buildx-build(1), podman-build(1). */

import { PodError } from '../../error.ts';
import {
  type ImageReference,
  parseImageReference,
  parseReference,
  type TransportReference,
} from '../../reference.ts';
import { placeOfOutput } from '../output/write-files.ts';
import { type Refused, type TypedFields, typedFields } from '../typed-fields.ts';

type PlaceReference = ImageReference | TransportReference;

export interface CacheSource {
  /** As typed. */
  readonly text: string;
  /** The first that is there counts; all of one kind. */
  readonly candidates: readonly PlaceReference[];
}

export interface CacheTarget {
  readonly text: string;
  /** undefined: in the image itself (type=inline). */
  readonly reference: PlaceReference | undefined;
  /** `max`: the results of all steps; `min`: of those whose layers the image has. */
  readonly mode: 'min' | 'max';
  readonly compressionFormat: 'gzip' | 'zstd' | undefined;
  readonly compressionLevel: number | undefined;
  readonly forceCompression: boolean;
  /** What goes wrong is told, and the build has succeeded all the same. */
  readonly ignoreError: boolean;
}

/** The tag of a name without one: podman has a tag a step, and none of an image's may be overwritten. */
const TAG = 'buildcache';

const FROM = { registry: ['ref'], local: ['src', 'tag'] };
const EXPORTED = ['mode', 'ignore-error', 'oci-mediatypes', 'image-manifest'];
const COMPRESSED = [...EXPORTED, 'compression', 'compression-level', 'force-compression'];
const TO = { registry: ['ref', ...COMPRESSED], local: ['dest', 'tag', ...COMPRESSED], inline: [] };

const refusedOf =
  (flag: string, text: string): Refused =>
  (why, hint) =>
    new PodError({
      code: 'usage',
      message: `cannot use ${flag} ${JSON.stringify(text)}`,
      why,
      hint,
    });

/** One --cache-from. A name without a tag may be that of an image with a cache in it, too. Throws PodError `usage`. */
export function parseCacheFrom(text: string, workingDirectory: string): CacheSource[] {
  const refused = refusedOf('--cache-from', text);
  if (!text.includes('='))
    return text.split(',').map((name) => {
      const reference = namedPlace(name, refused);
      const other = withTag(reference);
      return { text: name, candidates: other === reference ? [reference] : [other, reference] };
    });
  const fields = typedFields(text, FROM, refused);
  return [{ text, candidates: [placeOf(fields, 'src', workingDirectory, refused)] }];
}

/** One --cache-to. Throws PodError `usage`. */
export function parseCacheTo(text: string, workingDirectory: string): CacheTarget {
  const refused = refusedOf('--cache-to', text);
  if (!text.includes('=')) return { text, reference: withTag(namedPlace(text, refused)), ...PLAIN };
  const fields = typedFields(text, TO, refused);
  if (fields.type === 'inline') return { text, reference: undefined, ...PLAIN, mode: 'min' };
  const reference = placeOf(fields, 'dest', workingDirectory, refused);
  if (reference.kind === 'registry' && reference.digest !== undefined) throw refused('it is put under a tag');
  for (const key of ['oci-mediatypes', 'image-manifest'])
    if (!fields.isTrue(key, true)) throw refused(`${key}=false is not possible`, 'it is an image of OCI');
  const mode = fields.get('mode') ?? 'min';
  if (mode !== 'min' && mode !== 'max') throw refused(`mode=${mode} is neither min nor max`);
  return {
    ...{ text, reference, mode, ...compressionOf(fields, refused) },
    ignoreError: fields.isTrue('ignore-error', false),
  };
}

/** As podman has it: all that there is, and no more is said. */
const PLAIN = {
  mode: 'max',
  compressionFormat: undefined,
  compressionLevel: undefined,
  forceCompression: false,
  ignoreError: false,
} as const;

function compressionOf({ get, isTrue }: TypedFields, refused: Refused) {
  const format = get('compression');
  if (format !== undefined && format !== 'gzip' && format !== 'zstd')
    throw refused(`compression=${format} is neither gzip nor zstd`);
  const level = get('compression-level');
  if (
    level !== undefined &&
    !(/^\d{1,2}$/.test(level) && +level >= 1 && +level <= (format === 'zstd' ? 20 : 9))
  )
    throw refused(`compression-level=${level} is none`, 'gzip has 1 to 9, zstd 1 to 20');
  return {
    compressionFormat: format,
    compressionLevel: level === undefined ? undefined : Number(level),
    forceCompression: isTrue('force-compression', false),
  } as const;
}

function namedPlace(text: string, refused: Refused): PlaceReference {
  const reference = parseReference(text);
  if (reference.kind === 'builtin') throw refused('what is built in has no cache');
  return reference;
}

function withTag(reference: PlaceReference): PlaceReference {
  const isBare =
    reference.kind === 'registry' && reference.tag === undefined && reference.digest === undefined;
  return isBare ? { ...reference, tag: TAG } : reference;
}

function placeOf(
  { type, get }: TypedFields,
  directoryKey: string,
  workingDirectory: string,
  refused: Refused,
): PlaceReference {
  const key = type === 'local' ? directoryKey : 'ref';
  const value = get(key) ?? '';
  if (value === '') throw refused(`type=${type} needs ${key}=`);
  if (type === 'registry') return parseImageReference(value);
  const path = placeOfOutput(value, workingDirectory);
  return { kind: 'transport', transport: 'oci', path, selector: get('tag') ?? 'latest' };
}
