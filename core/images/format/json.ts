/** JSON from outside, and what it may be. */

import { PodError } from '../../error.ts';

export type Fields = Record<string, unknown>;

/** A PodError `invalid` about something that came from outside. */
export function invalid(what: string, why: string): PodError {
  return new PodError({ code: 'invalid', message: `cannot use ${what}`, why });
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Strings of a document. The tables of the binary's JavaScript have one seed in all installations (scripts/build.ts),
 * so that names can be chosen which all fall into one place of a table: a second's work for so many, hours for millions.
 */
const MAX_STRINGS = 50_000;

/** JSON.parse takes any depth; JSON.stringify, for `inspect`, needs the stack. */
const MAX_DEPTH = 100;

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const items = Array.isArray(value) ? value : Object.values(value);
  return levels === 0 || items.some((item) => isDeeper(item, levels - 1));
}

function requireShallow<T>(json: T, what: string): T {
  if (isDeeper(json, MAX_DEPTH)) throw invalid(what, `it is nested more than ${MAX_DEPTH} levels deep`);
  return json;
}

function countStrings(text: string): number {
  let count = 0;
  for (let at = text.indexOf('"'); at >= 0; at = text.indexOf('"', at + 1)) count++;
  return count / 2;
}

/** A JSON object of our own making. */
export function parseOwnJson(text: string, what: string): Fields {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw invalid(what, 'it is not JSON');
  }
  if (!isFields(json)) throw invalid(what, 'it is not a JSON object');
  return json;
}

/** Throws `invalid` about what is no JSON object, or has more strings or more levels than any image. */
export function parseJson(bytes: Uint8Array | string, what: string): Fields {
  const text = typeof bytes === 'string' ? bytes : Buffer.from(bytes).toString('utf8');
  if (countStrings(text) > MAX_STRINGS) throw invalid(what, `it has more than ${MAX_STRINGS} strings`);
  return requireShallow(parseOwnJson(text, what), what);
}

export function isStringMap(value: unknown): value is Record<string, string> {
  return isFields(value) && Object.values(value).every((item) => typeof item === 'string');
}

/** The same for a list. */
export function parseJsonList(bytes: Uint8Array, what: string, mostStrings = MAX_STRINGS): unknown[] {
  const text = Buffer.from(bytes).toString('utf8');
  if (countStrings(text) > mostStrings) throw invalid(what, `it has more than ${mostStrings} strings`);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw invalid(what, 'it is not JSON');
  }
  if (!Array.isArray(json)) throw invalid(what, 'it is not a JSON list');
  return requireShallow(json, what);
}
