/** JSON from outside, and what it may be. */

import { PodError } from '../error.ts';

export type Fields = Record<string, unknown>;

/** A PodError `invalid` about something that came from outside. */
export function invalid(what: string, why: string): PodError {
  return new PodError({ code: 'invalid', message: `cannot use ${what}`, why });
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function parseJson(bytes: Uint8Array | string, what: string): Fields {
  let json: unknown;
  try {
    json = JSON.parse(typeof bytes === 'string' ? bytes : Buffer.from(bytes).toString('utf8'));
  } catch {
    throw invalid(what, 'it is not JSON');
  }
  if (!isFields(json)) throw invalid(what, 'it is not a JSON object');
  return json;
}

export function isStringMap(value: unknown): value is Record<string, string> {
  return isFields(value) && Object.values(value).every((item) => typeof item === 'string');
}
