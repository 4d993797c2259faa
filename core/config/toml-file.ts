/** A TOML file whose mistakes are told with their lines. */

import type { PodError } from '../error.ts';
import { brokenConfig } from './read-config.ts';

export type Table = Record<string, unknown>;

/** Where in a file something is: the nth `[[registry]]`, its nth mirror, and the key. */
export interface TomlPlace {
  readonly registry?: number;
  readonly mirror?: number;
  readonly key?: string;
}

export interface TomlFile {
  readonly path: string;
  readonly table: Table;
  /** A PodError `invalid` that names the file, the line and what is wrong. */
  fail(why: string, place?: TomlPlace): PodError;
}

/** Throws PodError `invalid` for what is no TOML. */
export async function parseTomlFile(path: string, text: string): Promise<TomlFile> {
  const { parse, TomlError } = await import('smol-toml');
  const fail = (why: string, place: TomlPlace = {}): PodError => {
    const line = lineOf(text, place);
    return brokenConfig(line === undefined ? path : `${path}:${line}`, why);
  };
  try {
    return { path, table: parse(text), fail };
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const [first = 'it is not TOML'] = error.message.split('\n');
    throw brokenConfig(`${path}:${error.line}`, first.replace('Invalid TOML document: ', ''), error);
  }
}

const HEADER = /^\s*\[/;
const REGISTRY = /^\s*\[\[\s*registry\s*\]\]/;
const MIRROR = /^\s*\[\[\s*registry\s*\.\s*mirror\s*\]\]/;

/** The line where that is written, from 1 on; undefined where it isn't in the way that people write it. */
function lineOf(text: string, { registry, mirror, key }: TomlPlace): number | undefined {
  const lines = text.split('\n');
  let at = 0;
  const find = (wanted: RegExp, count: number, stop?: RegExp): boolean => {
    for (let seen = -1; at < lines.length; at++) {
      if (stop?.test(lines[at]!)) return false;
      if (wanted.test(lines[at]!) && ++seen === count) return true;
    }
    return false;
  };
  if (registry !== undefined) {
    if (!find(REGISTRY, registry)) return undefined;
    const header = ++at;
    if (mirror !== undefined) {
      if (!find(MIRROR, mirror, REGISTRY)) return header;
      at++;
    }
    const start = at;
    if (key === undefined || !find(keyLine(key), 0, HEADER)) return start;
    return at + 1;
  }
  return key !== undefined && find(keyLine(key), 0) ? at + 1 : undefined;
}

function keyLine(key: string): RegExp {
  const literal = key.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^\\s*["']?${literal}["']?\\s*=|^\\s*\\[\\s*${literal}\\s*\\]`);
}

export function isTable(value: unknown): value is Table {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}
