/** Reading a policy value by value, each with its place for messages. */

import type { PodError } from '../error.ts';
import { printable } from '../reference.ts';
import type { Json, JsonObject } from './strict-json.ts';

export interface Place {
  /** `transports.docker."quay.io"[0]`; '' for the whole. */
  readonly name: string;
  fail(where: string, why: string): PodError;
}

/** An object, with no other names than these where they are given. */
export function tableAt(value: Json, place: Place, names?: readonly string[]): JsonObject {
  if (!(value instanceof Map)) throw place.fail(place.name, 'it is not a JSON object');
  const other = names && [...value.keys()].find((name) => !names.includes(name));
  if (other !== undefined) throw place.fail(place.name, `${JSON.stringify(printable(other))} is not known`);
  return value;
}

export function stringAt(value: Json | undefined, place: Place): string {
  if (value === undefined) throw place.fail(place.name, 'it is missing');
  if (typeof value !== 'string') throw place.fail(place.name, 'it is not a string');
  if (value === '') throw place.fail(place.name, 'it is empty');
  return value;
}
