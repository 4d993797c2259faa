/** One [[registry]] of registries.conf. */

import { isTable, type Table, type TomlFile, type TomlPlace } from './toml-file.ts';

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

/** The rules of a file, in its order. Of two for one prefix the first counts, and they must agree on what is let in. */
export function readRules(file: TomlFile): RegistryRule[] {
  const rules = new Map<string, RegistryRule>();
  for (const [registry, entry] of tables(file.table.registry, 'registry', file).entries()) {
    const rule = readRule(entry, file, registry);
    const before = rules.get(rule.prefix);
    for (const key of ['insecure', 'blocked'] as const) {
      if (before !== undefined && before[key] !== rule[key])
        throw file.fail(`${rule.prefix} is there twice, and differs in ${key}`, { registry, key });
    }
    if (before === undefined) rules.set(rule.prefix, rule);
  }
  return [...rules.values()];
}

function readRule(entry: Table, file: TomlFile, registry: number): RegistryRule {
  const location = place(entry, 'location', file, { registry });
  const prefix = place(entry, 'prefix', file, { registry }) || location;
  if (prefix === '') throw file.fail('a [[registry]] has neither prefix nor location', { registry });
  checkWildcard(prefix, file, { registry, key: 'prefix' });
  if (location.includes('*')) throw file.fail('a location has no wildcard', { registry, key: 'location' });
  if (entry['pull-from-mirror'] !== undefined)
    throw file.fail('pull-from-mirror belongs to a mirror', { registry, key: 'pull-from-mirror' });
  const byDigestOnly = flag(entry, 'mirror-by-digest-only', file, { registry });
  return {
    prefix,
    // A wildcard without a location stands for the host that was asked for.
    location: location === '' && !prefix.startsWith('*.') ? prefix : location,
    insecure: flag(entry, 'insecure', file, { registry }),
    blocked: flag(entry, 'blocked', file, { registry }),
    mirrors: tables(entry.mirror, 'registry.mirror', file, { registry }).map((mirror, index) =>
      readMirror(mirror, byDigestOnly, file, { registry, mirror: index }),
    ),
  };
}

/** "*.example.com" is all: no other star, no port, no path behind it. */
function checkWildcard(prefix: string, file: TomlFile, where: TomlPlace): void {
  if (!prefix.includes('*') || /^\*\.[A-Za-z0-9]+(?:[.-][A-Za-z0-9-]+)*$/.test(prefix)) return;
  throw file.fail(`a prefix with a wildcard is written as *.example.com, not as ${prefix}`, where);
}

function readMirror(mirror: Table, byDigestOnly: boolean, file: TomlFile, where: TomlPlace): Mirror {
  const location = place(mirror, 'location', file, where);
  if (location === '') throw file.fail('a mirror has no location', where);
  const there = { ...where, key: 'pull-from-mirror' };
  const chosen = mirror['pull-from-mirror'] || undefined;
  if (chosen !== undefined && byDigestOnly)
    throw file.fail('pull-from-mirror can not be set beside mirror-by-digest-only', there);
  const use = chosen ?? (byDigestOnly ? 'digest-only' : 'all');
  if (use !== 'all' && use !== 'digest-only' && use !== 'tag-only')
    throw file.fail('pull-from-mirror is not all, digest-only or tag-only', there);
  return { location, insecure: flag(mirror, 'insecure', file, where), use };
}

/** host[:port][/path], without slashes at its end; "" where it isn't given. */
function place(table: Table, key: string, file: TomlFile, where: TomlPlace): string {
  const value = table[key] ?? '';
  const there = { ...where, key };
  if (typeof value !== 'string') throw file.fail(`${key} is not a string`, there);
  if (/^[a-z]+:\/\//i.test(value))
    throw file.fail(`${key} is written without ${value.slice(0, value.indexOf('//') + 2)}`, there);
  if (/[\s\u0000-\u001f\u007f]/.test(value)) throw file.fail(`${key} holds spaces`, there);
  return value.replace(/\/+$/, '');
}

function flag(table: Table, key: string, file: TomlFile, where: TomlPlace): boolean {
  const value = table[key] ?? false;
  if (typeof value === 'boolean') return value;
  throw file.fail(`${key} is not true or false`, { ...where, key });
}

function tables(value: unknown, name: string, file: TomlFile, where: TomlPlace = {}): Table[] {
  if (value === undefined) return [];
  if (Array.isArray(value) && value.every(isTable)) return value;
  throw file.fail(`${name.split('.').at(-1)} is not written as [[${name}]]`, { ...where, key: name });
}
