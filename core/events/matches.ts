import { familiarName, familiarRepository, parseReference } from '../reference.ts';
import type { PodEvent } from './event-line.ts';

/** The keys of `events --filter`. */
export const EVENT_FILTERS = [
  'container',
  'event',
  'image',
  'label',
  'network',
  'pod',
  'scope',
  'secret',
  'type',
  'volume',
] as const;
export type EventFilter = (typeof EVENT_FILTERS)[number];

/** Podman's words for what docker calls otherwise. */
const DOCKERS_WORD = new Map([
  ['died', 'die'],
  ['remove', 'destroy'],
  ['exec', 'exec_start'],
  ['exec_died', 'exec_die'],
]);

/** `exec_start: sh -c true` -> `exec_start`. */
function wordOf(action: string): string {
  return action.split(':', 1)[0]!;
}

function isAction(event: PodEvent, wanted: string): boolean {
  const { action } = event;
  const words = [wanted, DOCKERS_WORD.get(wanted) ?? wanted];
  if (wanted === 'remove' && event.type === 'image') words.push('delete');
  return words.some((word) => word === action || word === wordOf(action));
}

/** An id, its beginning, or the name. */
function isObject(id: string, name: string | undefined, wanted: string): boolean {
  return (
    wanted !== '' &&
    (name === wanted || id === wanted || (/^[0-9a-f]+$/.test(wanted) && id.startsWith(wanted)))
  );
}

/** `docker.io/library/alpine:latest` -> all that people call it. */
function namesOf(image: string): string[] {
  try {
    const reference = parseReference(image);
    if (reference.kind !== 'registry') return [image];
    return [image, familiarName(reference), familiarRepository(reference)];
  } catch {
    return [image];
  }
}

function isImage({ type, id, from, attributes }: PodEvent, wanted: string): boolean {
  const hex = (text: string) => text.replace(/^sha256:/, '');
  if (type === 'image' && isObject(hex(id), undefined, hex(wanted))) return true;
  const names = [from, attributes.image, ...(type === 'image' ? [attributes.name, id] : [])];
  const known = new Set(names.filter((name) => name !== undefined).flatMap(namesOf));
  const [, familiar = wanted] = namesOf(wanted);
  return known.has(wanted) || known.has(familiar);
}

function hasLabel(attributes: Record<string, string>, wanted: string): boolean {
  const equals = wanted.indexOf('=');
  const key = equals < 0 ? wanted : wanted.slice(0, equals);
  return Object.hasOwn(attributes, key) && (equals < 0 || attributes[key] === wanted.slice(equals + 1));
}

/** Whether an event passes `--filter key=value`. */
export function eventMatches(event: PodEvent, key: EventFilter, value: string): boolean {
  const { type, id, attributes } = event;
  switch (key) {
    case 'event':
      return isAction(event, value);
    case 'image':
      return isImage(event, value);
    case 'label':
      return hasLabel(attributes, value);
    case 'scope':
      return event.scope === value;
    case 'type':
      return type === value;
    default: {
      const itself = type === key && isObject(id, attributes.name, value);
      return itself || (type !== key && isObject(attributes[key] ?? '', undefined, value));
    }
  }
}
