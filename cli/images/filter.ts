import { imagesOf } from '../../core/container/images-in-use.ts';
import { listContainers } from '../../core/container/list.ts';
import { PodError } from '../../core/error.ts';
import { findEntry, noSuchImage } from '../../core/images/find.ts';
import { readIndex } from '../../core/images/layout.ts';
import { imagesWithin, type StoredImage } from '../../core/images/list.ts';
import { intermediate } from '../../core/images/parents.ts';
import type { Paths } from '../../core/paths.ts';
import { hasLabel, parseFilters, passes } from '../filter.ts';
import { parseMoment } from '../moment.ts';
import { labelsOf, type NamedImage } from './named-image.ts';

export const IMAGE_FILTERS = [
  'after',
  'before',
  'containers',
  'dangling',
  'digest',
  'id',
  'intermediate',
  'label',
  'label!',
  'manifest',
  'readonly',
  'reference',
  'since',
  'until',
];

/** A boolean as Go's strconv.ParseBool reads it. */
function truth(key: string, value: string): boolean {
  if (/^(?:1|t|true)$/i.test(value)) return true;
  if (/^(?:0|f|false)$/i.test(value)) return false;
  const message = `invalid filter ${JSON.stringify(`${key}=${value}`)}`;
  throw new PodError({ code: 'usage', message, why: 'it takes true or false' });
}

/** docker's reference filter: a name, with `*` for any part without a slash. Names are taken in full, too. */
export function matchesReference({ name, repository, tag }: NamedImage, pattern: string): boolean {
  const expression = new RegExp(
    `^${pattern
      .replace(/[.+^${}()|\\]/g, '\\$&')
      .replaceAll('*', '[^/]*')
      .replaceAll('?', '[^/]')}$`,
  );
  const full = name?.replace(/[:@][^/]*$/, '');
  return [repository, `${repository}:${tag}`, name, full].some(
    (text) => text !== undefined && expression.test(text),
  );
}

function createdAt({ created }: StoredImage): number {
  return created === undefined ? 0 : Date.parse(created);
}

/** When the image was made that a filter names. Throws PodError `not-found`. */
function momentOf(paths: Paths, all: readonly StoredImage[], text: string): number {
  const entry = findEntry(paths, readIndex(paths), text);
  const image = entry && all.find((one) => one.entry.digest === entry.digest);
  if (!image) throw noSuchImage(text);
  return createdAt(image);
}

const once = <T>(make: () => T): (() => T) => {
  let made: { value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
};

/** What --filter wants of `all` images, by the words typed. Throws PodError `usage` or `not-found`. */
export function imageFilter(
  paths: Paths,
  words: readonly string[],
  all: readonly StoredImage[],
  shownAll: boolean,
): (one: NamedImage) => boolean {
  const filters = parseFilters(words, IMAGE_FILTERS);
  const steps = once(() => intermediate(paths, readIndex(paths).manifests));
  const isStep = ({ entry }: StoredImage) => [...steps()].some(({ digest }) => digest === entry.digest);
  const users = once(() => new Set(listContainers(paths).flatMap(({ record }) => imagesOf(record))));
  const isUsed = ({ entry }: StoredImage) => imagesWithin(paths, entry).some((id) => users().has(id));
  const moments = new Map<string, number>();
  const moment = (key: string, value: string): number => {
    const known = moments.get(`${key}=${value}`);
    const made = known ?? (key === 'until' ? parseMoment(value) : momentOf(paths, all, value));
    moments.set(`${key}=${value}`, made);
    return made;
  };
  for (const key of ['before', 'since', 'after', 'until'])
    for (const value of filters.get(key) ?? []) moment(key, value);
  const hidden = (image: StoredImage) =>
    !shownAll && !filters.has('intermediate') && image.names.length === 0 && isStep(image);
  const matches = (one: NamedImage, key: string, value: string): boolean => {
    const { image } = one;
    switch (key) {
      case 'before':
      case 'until':
        return createdAt(image) < moment(key, value);
      case 'since':
      case 'after':
        return createdAt(image) > moment(key, value);
      case 'containers':
        return isUsed(image) === truth(key, value);
      case 'dangling':
        return (image.names.length === 0 && !isStep(image)) === truth(key, value);
      case 'digest':
        return image.digest.startsWith(value) || image.digest.slice('sha256:'.length).startsWith(value);
      case 'id':
        return image.id.startsWith(value.replace(/^sha256:/, ''));
      case 'intermediate':
        return isStep(image) === truth(key, value);
      case 'label':
        return hasLabel(labelsOf(paths, image), value);
      case 'label!':
        return !hasLabel(labelsOf(paths, image), value);
      case 'manifest':
        return (image.kind === 'list') === truth(key, value);
      case 'readonly':
        return !truth(key, value); // Nothing of the store is: there are no additional stores.
      default:
        return matchesReference(one, value);
    }
  };
  return (one) => !hidden(one.image) && passes(filters, (key, value) => matches(one, key, value));
}
