/**
 * containers-registries.conf(5): which registries are rewritten, mirrored, insecure or blocked, and what a short
 * name stands for. The first of $CONTAINERS_REGISTRIES_CONF, ~/.config/containers/registries.conf and
 * /etc/containers/registries.conf counts, then the drop-ins of /etc and of the user on top of it.
 */

import { join } from 'node:path';
import { configHome, dropIns, type Environment, readIfPresent } from './read-config.ts';
import { type RegistryRule, readRules } from './registry-rule.ts';
import { keptAliases, readAliases } from './short-name-aliases.ts';
import { isTable, parseTomlFile, type TomlFile } from './toml-file.ts';

export type { Mirror, MirrorUse, RegistryRule } from './registry-rule.ts';

/** What is done about a short name that several registries may have: ask, ask or try all, try all. */
export type ShortNameMode = 'enforcing' | 'permissive' | 'disabled';

export interface RegistriesConfig {
  readonly rules: readonly RegistryRule[];
  /** Short name to full repository: "fedora" to "registry.fedoraproject.org/fedora". */
  readonly aliases: ReadonlyMap<string, string>;
  /** Where an unaliased short name is looked for, in turn. */
  readonly search: readonly string[];
  readonly shortNameMode: ShortNameMode;
  /** "containers-auth.json" or the names of credential helpers, in turn; undefined where not configured. */
  readonly credentialHelpers: readonly string[] | undefined;
}

interface Draft {
  rules: Map<string, RegistryRule>;
  aliases: Map<string, string>;
  search: string[] | undefined;
  shortNameMode: ShortNameMode | undefined;
  credentialHelpers: string[] | undefined;
}

/** Loads what applies to this user. Throws PodError `invalid` that names the file, the line and the mistake. */
export async function loadRegistriesConfig(env: Environment): Promise<RegistriesConfig> {
  const draft: Draft = {
    rules: new Map(),
    aliases: new Map(),
    search: undefined,
    shortNameMode: undefined,
    credentialHelpers: undefined,
  };
  const { main, more } = configFiles(env);
  for (const path of [main, ...more]) {
    const text = readIfPresent(path);
    // Most files are comments: the parser needn't be loaded for them.
    if (text === undefined || !/^[ \t]*[^#\s]/m.test(text)) continue;
    const file = await parseTomlFile(path, text);
    if (isTable(file.table.registries)) mergeVersion1(draft, file, path === main);
    merge(draft, file);
  }
  for (const [name, target] of await keptAliases(env)) setAlias(draft.aliases, name, target);
  const { rules, aliases, search, shortNameMode, credentialHelpers } = draft;
  return {
    rules: [...rules.values()],
    aliases,
    search: search ?? ['docker.io'],
    shortNameMode: shortNameMode ?? 'permissive',
    credentialHelpers,
  };
}

/** The files that count, the weakest first. */
function configFiles(env: Environment): { main: string; more: string[] } {
  const explicit = env.CONTAINERS_REGISTRIES_CONF || env.REGISTRIES_CONFIG_PATH;
  const user = configHome(env);
  const system = '/etc/containers';
  const userFile = user === undefined ? undefined : join(user, 'containers/registries.conf');
  const own = userFile !== undefined && readIfPresent(userFile) !== undefined ? userFile : undefined;
  const more = dropIns(join(system, 'registries.conf.d'), '.conf');
  if (user !== undefined) more.push(...dropIns(join(user, 'containers/registries.conf.d'), '.conf'));
  return { main: explicit || own || join(system, 'registries.conf'), more };
}

/** Later files win: a rule replaces that of the same prefix, an alias its namesake, a search list the list. */
function merge(draft: Draft, file: TomlFile): void {
  const { table } = file;
  for (const rule of readRules(file)) draft.rules.set(rule.prefix, rule);
  draft.search = strings(file, 'unqualified-search-registries') ?? draft.search;
  const helpers = strings(file, 'credential-helpers') ?? [];
  if (helpers.length > 0) draft.credentialHelpers = helpers;
  const mode = table['short-name-mode'] || undefined;
  if (mode !== undefined) {
    if (mode !== 'enforcing' && mode !== 'permissive' && mode !== 'disabled')
      throw file.fail('short-name-mode is not enforcing, permissive or disabled', { key: 'short-name-mode' });
    draft.shortNameMode = mode;
  }
  for (const [name, target] of readAliases(file)) setAlias(draft.aliases, name, target);
}

function setAlias(aliases: Map<string, string>, name: string, target: string): void {
  if (target === '') aliases.delete(name);
  else aliases.set(name, target);
}

/** The first version of the format: [registries.search|insecure|block] registries = […]. */
function mergeVersion1(draft: Draft, file: TomlFile, isMain: boolean): void {
  const { table } = file;
  if (!isMain) throw file.fail('a drop-in file is of version 2 of the format', { key: 'registries' });
  const newer = ['registry', 'unqualified-search-registries', 'aliases', 'short-name-mode'].find(
    (name) => table[name] !== undefined,
  );
  if (newer !== undefined)
    throw file.fail(`[registries] is of version 1 of the format, and ${newer} is not: they don't mix`);
  const list = (name: string): string[] => {
    const section = (table.registries as Record<string, unknown>)[name];
    if (!isTable(section) || section.registries === undefined) return [];
    const { registries } = section;
    if (Array.isArray(registries) && registries.every((item) => typeof item === 'string')) return registries;
    throw file.fail(`registries.${name} is not a list of strings`, { key: `registries.${name}` });
  };
  const search = list('search');
  if (search.length > 0) draft.search = search;
  const insecure = new Set(list('insecure'));
  const blocked = new Set(list('block'));
  for (const prefix of new Set([...insecure, ...blocked])) {
    draft.rules.set(prefix, {
      prefix,
      location: prefix,
      insecure: insecure.has(prefix),
      blocked: blocked.has(prefix),
      mirrors: [],
    });
  }
}

function strings(file: TomlFile, key: string): string[] | undefined {
  const value = file.table[key];
  if (value === undefined) return undefined;
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value;
  throw file.fail(`${key} is not a list of strings`, { key });
}
