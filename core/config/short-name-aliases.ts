/** Aliases of short names: [aliases] of registries.conf, and those that a person has chosen when asked. */

import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { replaceFile } from '../aside.ts';
import { homeOf } from '../home.ts';
import { parseImageReference, printable } from '../reference.ts';
import { type Environment, readIfPresent, whereItIs } from './read-config.ts';
import { isTable, parseTomlFile, type TomlFile } from './toml-file.ts';

/** Names and what they stand for; "" for an alias that is to be forgotten. */
export function readAliases(file: TomlFile): [string, string][] {
  const { aliases = {} } = file.table;
  if (!isTable(aliases)) throw file.fail('aliases is not a table', { key: 'aliases' });
  return Object.entries(aliases).map(([name, target]) => {
    const fail = (why: string) =>
      file.fail(`alias ${JSON.stringify(printable(name))}: ${why}`, { key: name });
    if (typeof target !== 'string') throw fail('it is not a string');
    if (!isShortName(name)) throw fail('a short name has neither registry nor tag');
    if (target !== '' && !isRepository(target))
      throw fail('it does not stand for a whole name without a tag');
    return [name, target];
  });
}

function isShortName(name: string): boolean {
  const reference = read(name);
  return reference?.shortName === name && isBare(reference);
}

function isRepository(target: string): boolean {
  const reference = read(target);
  return reference !== undefined && reference.shortName === undefined && isBare(reference);
}

function isBare({ tag, digest }: { tag: string | undefined; digest: string | undefined }): boolean {
  return tag === undefined && digest === undefined;
}

function read(text: string): ReturnType<typeof parseImageReference> | undefined {
  try {
    return parseImageReference(text);
  } catch {
    return undefined;
  }
}

/** The file that podman keeps them in, too; undefined for a user without a home. */
function keptFile(env: Environment): string | undefined {
  const home = homeOf(env);
  const cache = env.XDG_CACHE_HOME || (home && join(home, '.cache'));
  return cache && join(cache, 'containers/short-name-aliases.conf');
}

/** What was chosen before; it goes before registries.conf. */
export async function keptAliases(env: Environment): Promise<[string, string][]> {
  const path = keptFile(env);
  const text = path === undefined ? undefined : readIfPresent(path);
  if (path === undefined || text === undefined || text.trim() === '') return [];
  return readAliases(await parseTomlFile(path, text));
}

/** Keeps a choice. */
export async function keepAlias(name: string, target: string, env: Environment): Promise<void> {
  const path = keptFile(env);
  if (path === undefined) return;
  const aliases = new Map(await keptAliases(env)).set(name, target);
  const lines = [...aliases].map(([key, value]) => `  ${JSON.stringify(key)} = ${JSON.stringify(value)}\n`);
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  replaceFile(whereItIs(path), `[aliases]\n${lines.join('')}`);
}
