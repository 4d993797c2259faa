/**
 * containers-registries.conf(5): which registries are rewritten, mirrored, insecure or blocked, and what a short
 * name stands for. The first of $CONTAINERS_REGISTRIES_CONF, ~/.config/containers/registries.conf and
 * /etc/containers/registries.conf counts, then the drop-ins of /etc and of the user on top of it.
 */

import { join } from 'node:path';
import { brokenConfig, configHome, dropIns, type Environment, readIfPresent } from './read-config.ts';

/** Which pulls may use a mirror. */
export type MirrorUse = 'all' | 'digest-only' | 'tag-only';

export interface Mirror {
  /** "mirror.example.com:5000/path". */
  readonly location: string;
  readonly insecure: boolean;
  readonly use: MirrorUse;
}

export interface RegistryRule {
  /** "docker.io", "example.com/team", "*.example.com". */
  readonly prefix: string;
  /** What takes the prefix's place; "" under a wildcard: the name stays as it is. */
  readonly location: string;
  readonly insecure: boolean;
  readonly blocked: boolean;
  readonly mirrors: readonly Mirror[];
}

export interface RegistriesConfig {
  readonly rules: readonly RegistryRule[];
  /** Short name to full repository: "fedora" to "registry.fedoraproject.org/fedora". */
  readonly aliases: ReadonlyMap<string, string>;
  /** Where an unaliased short name is looked for, in turn. */
  readonly search: readonly string[];
  /** "containers-auth.json" or the names of credential helpers, in turn; undefined where not configured. */
  readonly credentialHelpers: readonly string[] | undefined;
}

export const NO_CONFIG: RegistriesConfig = {
  rules: [],
  aliases: new Map(),
  search: ['docker.io'],
  credentialHelpers: undefined,
};

type Table = Record<string, unknown>;

interface Draft {
  rules: Map<string, RegistryRule>;
  aliases: Map<string, string>;
  search: string[] | undefined;
  credentialHelpers: string[] | undefined;
}

/** Loads what applies to this user. Throws PodError `invalid` that names the file and the mistake. */
export async function loadRegistriesConfig(env: Environment): Promise<RegistriesConfig> {
  const draft: Draft = {
    rules: new Map(),
    aliases: new Map(),
    search: undefined,
    credentialHelpers: undefined,
  };
  let found = false;
  for (const path of configFiles(env)) {
    const text = readIfPresent(path);
    if (text === undefined || !/^[^#\s]/m.test(text.replace(/^[ \t]+/gm, ''))) continue;
    found = true;
    merge(draft, await parseToml(path, text), path);
  }
  if (!found) return NO_CONFIG;
  const { rules, aliases, search, credentialHelpers } = draft;
  return { rules: [...rules.values()], aliases, search: search ?? NO_CONFIG.search, credentialHelpers };
}

/** The files that count, the weakest first. */
function configFiles(env: Environment): string[] {
  const explicit = env.CONTAINERS_REGISTRIES_CONF || env.REGISTRIES_CONFIG_PATH;
  const user = configHome(env);
  const system = '/etc/containers';
  const userFile = user === undefined ? undefined : join(user, 'containers/registries.conf');
  const files: string[] = [];
  if (explicit !== undefined && explicit !== '') {
    files.push(explicit);
  } else if (userFile !== undefined && readIfPresent(userFile) !== undefined) {
    files.push(userFile);
  } else {
    files.push(join(system, 'registries.conf'));
  }
  files.push(...dropIns(join(system, 'registries.conf.d'), '.conf'));
  if (user !== undefined) files.push(...dropIns(join(user, 'containers/registries.conf.d'), '.conf'));
  return files;
}

async function parseToml(path: string, text: string): Promise<Table> {
  const { parse } = await import('smol-toml');
  try {
    return parse(text);
  } catch (error) {
    const line = error instanceof Error ? error.message.split('\n')[0] : String(error);
    throw brokenConfig(path, line ?? 'it is not TOML', error);
  }
}

/** Later files win: a rule replaces that of the same prefix, an alias its namesake, a search list the list. */
function merge(draft: Draft, table: Table, path: string): void {
  for (const entry of tables(table.registry, 'registry', path)) {
    const rule = readRule(entry, path);
    draft.rules.set(rule.prefix, rule);
  }
  const search = table['unqualified-search-registries'];
  if (search !== undefined) draft.search = strings(search, 'unqualified-search-registries', path);
  const helpers = table['credential-helpers'];
  if (helpers !== undefined) draft.credentialHelpers = strings(helpers, 'credential-helpers', path);
  if (table.aliases !== undefined) {
    if (!isTable(table.aliases)) throw brokenConfig(path, 'aliases is not a table');
    for (const [name, target] of Object.entries(table.aliases)) {
      if (target === '') draft.aliases.delete(name);
      else draft.aliases.set(name, text(target, `aliases.${name}`, path));
    }
  }
  mergeVersion1(draft, table, path);
}

/** The first version of the format: [registries.search|insecure|block] registries = […]. */
function mergeVersion1(draft: Draft, table: Table, path: string): void {
  if (!isTable(table.registries)) return;
  const list = (name: string): string[] => {
    const section = (table.registries as Table)[name];
    return isTable(section) ? strings(section.registries ?? [], `registries.${name}`, path) : [];
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

function readRule(entry: Table, path: string): RegistryRule {
  const location = entry.location === undefined ? '' : trimmed(text(entry.location, 'location', path));
  const prefix = entry.prefix === undefined ? location : trimmed(text(entry.prefix, 'prefix', path));
  if (prefix === '') throw brokenConfig(path, 'a [[registry]] has neither prefix nor location');
  const mirrors = tables(entry.mirror, 'mirror', path).map((mirror) =>
    readMirror(mirror, entry['mirror-by-digest-only'] === true, path),
  );
  // A wildcard without a location stands for the host that was asked for.
  const target = location === '' && !prefix.startsWith('*.') ? prefix : location;
  const insecure = flag(entry, 'insecure', path);
  return { prefix, location: target, insecure, blocked: flag(entry, 'blocked', path), mirrors };
}

function readMirror(mirror: Table, byDigestOnly: boolean, path: string): Mirror {
  const location = trimmed(text(mirror.location, 'mirror location', path));
  if (location === '') throw brokenConfig(path, 'a mirror has no location');
  const use = mirror['pull-from-mirror'] ?? (byDigestOnly ? 'digest-only' : 'all');
  if (use !== 'all' && use !== 'digest-only' && use !== 'tag-only') {
    throw brokenConfig(path, 'pull-from-mirror is not all, digest-only or tag-only');
  }
  return { location, insecure: flag(mirror, 'insecure', path), use };
}

function trimmed(location: string): string {
  if (/^[a-z]+:\/\//.test(location) || /[\s\u0000-\u001f]/.test(location)) return '';
  return location.replace(/\/+$/, '');
}

function isTable(value: unknown): value is Table {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

function tables(value: unknown, name: string, path: string): Table[] {
  if (value === undefined) return [];
  if (Array.isArray(value) && value.every(isTable)) return value;
  throw brokenConfig(path, `${name} is not written as [[${name}]]`);
}

function text(value: unknown, name: string, path: string): string {
  if (typeof value === 'string') return value;
  throw brokenConfig(path, `${name} is not a string`);
}

function strings(value: unknown, name: string, path: string): string[] {
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value;
  throw brokenConfig(path, `${name} is not a list of strings`);
}

function flag(table: Table, name: string, path: string): boolean {
  const value = table[name] ?? false;
  if (typeof value === 'boolean') return value;
  throw brokenConfig(path, `${name} is not true or false`);
}
