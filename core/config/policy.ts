/**
 * containers-policy.json(5): which images may come into the store. It is read strictly: a policy that isn't understood
 * as a whole lets nothing in.
 */

import { isAbsolute, join, normalize } from 'node:path';
import { PodError } from '../error.ts';
import { printable } from '../reference.ts';
import { type IdentityRule, readIdentityRule } from './policy-identity.ts';
import { type Place, stringAt, tableAt } from './policy-place.ts';
import { brokenConfig, configHome, type Environment, readIfPresent } from './read-config.ts';
import { type Json, JsonError, parseStrictJson } from './strict-json.ts';

/** Where public keys are: files, or the text itself (base64 in the policy). */
export type KeySource = { readonly path: string } | { readonly data: Buffer };

export type Requirement =
  | { readonly type: 'insecureAcceptAnything' }
  | { readonly type: 'reject' }
  | { readonly type: 'signedBy'; readonly keys: readonly KeySource[]; readonly identity: IdentityRule }
  | { readonly type: 'sigstoreSigned'; readonly keys: readonly KeySource[]; readonly identity: IdentityRule }
  /** Valid, but more than can be checked here: it lets nothing in. */
  | { readonly type: 'unsupported'; readonly why: string };

export interface Policy {
  readonly path: string;
  readonly default: readonly Requirement[];
  /** By transport ("docker"), then by scope ("" for all others of the transport). */
  readonly transports: ReadonlyMap<string, ReadonlyMap<string, readonly Requirement[]>>;
}

/** The policy that applies to this user, or the one of `explicit` (--signature-policy); undefined where there is none. */
export function loadPolicy(env: Environment, explicit?: string): Policy | undefined {
  if (explicit !== undefined) {
    const text = readIfPresent(explicit);
    if (text !== undefined) return parsePolicy(explicit, text);
    throw new PodError({
      code: 'not-found',
      message: `cannot read ${explicit}`,
      why: 'there is no such file',
    });
  }
  for (const path of policyFiles(env)) {
    const text = readIfPresent(path);
    if (text !== undefined) return parsePolicy(path, text);
  }
  return undefined;
}

/** The user's own, then the machine's: the first that is there counts. */
export function policyFiles(env: Environment): string[] {
  const user = configHome(env);
  const system = '/etc/containers/policy.json';
  return user === undefined ? [system] : [join(user, 'containers/policy.json'), system];
}

/** Throws PodError `invalid` that names the file and the place in it. */
export function parsePolicy(path: string, text: string): Policy {
  let json: Json;
  try {
    json = parseStrictJson(text);
  } catch (error) {
    if (error instanceof JsonError) throw brokenConfig(path, error.message, error);
    throw error;
  }
  const at: Place = { name: '', fail: (where, why) => brokenConfig(path, where ? `${where}: ${why}` : why) };
  const table = tableAt(json, at, ['default', 'transports']);
  if (!table.has('default')) throw at.fail('', 'it has no "default"');
  const transports = new Map<string, Map<string, Requirement[]>>();
  const all = table.get('transports');
  if (all !== undefined) {
    for (const [transport, scopes] of tableAt(all, below(at, 'transports'))) {
      const place = below(at, `transports.${printable(transport)}`);
      const rules = new Map<string, Requirement[]>();
      for (const [scope, rule] of tableAt(scopes, place)) {
        const there = below(place, JSON.stringify(printable(scope)));
        checkScope(transport, scope, there);
        rules.set(scope, readRequirements(rule, there));
      }
      transports.set(transport, rules);
    }
  }
  return { path, default: readRequirements(table.get('default')!, below(at, 'default')), transports };
}

function below(place: Place, name: string): Place {
  return { ...place, name: place.name === '' ? name : `${place.name}.${name}` };
}

/** The scopes of files are whole paths: what never matches would let in what it should keep out. */
function checkScope(transport: string, scope: string, place: Place): void {
  if (scope === '' || !['dir', 'oci', 'oci-archive'].includes(transport)) return;
  if (scope === '/') throw place.fail(place.name, 'this scope is written as ""');
  if (!isAbsolute(scope) || normalize(scope).replace(/\/$/, '') !== scope)
    throw place.fail(place.name, 'the path is not absolute, or not the shortest way to write it');
}

function readRequirements(value: Json, place: Place): Requirement[] {
  if (!Array.isArray(value)) throw place.fail(place.name, 'it is not a list');
  if (value.length === 0) throw place.fail(place.name, 'the list is empty');
  return value.map((one, index) => readRequirement(one, { ...place, name: `${place.name}[${index}]` }));
}

const UNSUPPORTED = ['fulcio', 'rekorPublicKeyPath', 'rekorPublicKeyPaths', 'rekorPublicKeyData', 'pki'];

function readRequirement(value: Json, place: Place): Requirement {
  const type = stringAt(tableAt(value, place).get('type'), below(place, 'type'));
  switch (type) {
    case 'insecureAcceptAnything':
    case 'reject':
      tableAt(value, place, ['type']);
      return { type };
    case 'signedBy': {
      const names = ['keyType', 'keyPath', 'keyPaths', 'keyData', 'signedIdentity'];
      const table = tableAt(value, place, ['type', ...names]);
      const keyType = stringAt(table.get('keyType'), below(place, 'keyType'));
      if (keyType !== 'GPGKeys') throw place.fail(`${place.name}.keyType`, 'it is not GPGKeys');
      return {
        type,
        keys: readKeys(table, place),
        identity: readIdentityRule(table.get('signedIdentity'), place),
      };
    }
    case 'sigstoreSigned': {
      const names = ['keyPath', 'keyPaths', 'keyData', 'keyDatas', 'signedIdentity', ...UNSUPPORTED];
      const table = tableAt(value, place, ['type', ...names]);
      const identity = readIdentityRule(table.get('signedIdentity'), place);
      const beyond = UNSUPPORTED.find((name) => table.has(name));
      if (beyond !== undefined)
        return { type: 'unsupported', why: `it asks for ${beyond}, and only public keys can be checked` };
      return { type, keys: readKeys(table, place), identity };
    }
    default:
      throw place.fail(`${place.name}.type`, `${JSON.stringify(printable(type))} is not known`);
  }
}

function readKeys(table: ReadonlyMap<string, Json>, place: Place): KeySource[] {
  const names = ['keyPath', 'keyPaths', 'keyData', 'keyDatas'].filter((name) => table.has(name));
  const [name] = names;
  if (name === undefined || names.length > 1)
    throw place.fail(place.name, 'it takes exactly one of keyPath, keyPaths and keyData');
  const there = below(place, name);
  const value = table.get(name)!;
  if (name.endsWith('s') && (!Array.isArray(value) || value.length === 0))
    throw place.fail(there.name, 'it is not a list of one or more');
  const texts = (Array.isArray(value) ? value : [value]).map((one) => stringAt(one, there));
  return texts.map((text) => (name.startsWith('keyPath') ? keyFile(text, there) : keyData(text, there)));
}

function keyFile(path: string, place: Place): KeySource {
  if (isAbsolute(path)) return { path };
  throw place.fail(place.name, 'the path is not absolute');
}

function keyData(text: string, place: Place): KeySource {
  if (!/^[A-Za-z0-9+/\s]+={0,2}\s*$/.test(text)) throw place.fail(place.name, 'it is not base64');
  return { data: Buffer.from(text, 'base64') };
}

/**
 * What is required of an image, by the most special of its scopes that the policy knows, and the words for where that
 * is written. `scopes` go from the most special on.
 */
export function requirementsFor(
  policy: Policy,
  transport: string,
  scopes: readonly string[],
): { requirements: readonly Requirement[]; where: string } {
  const rules = policy.transports.get(transport);
  for (const scope of [...scopes, '']) {
    const requirements = rules?.get(scope);
    if (requirements === undefined) continue;
    return { requirements, where: scope === '' ? `${transport}:` : `${transport}:${scope}` };
  }
  return { requirements: policy.default, where: 'default' };
}

/** The scopes that an image of a registry is in, the most special first: name, parents, host, domains above it. */
export function registryScopes(canonicalName: string, repository: string): string[] {
  const scopes = [canonicalName];
  const parts = repository.split('/');
  for (let count = parts.length; count > 0; count--) scopes.push(parts.slice(0, count).join('/'));
  const labels = parts[0]!.replace(/:\d*$/, '').split('.');
  for (let at = 1; at < labels.length; at++) scopes.push(`*.${labels.slice(at).join('.')}`);
  return scopes;
}

/** The scopes of a file or directory, and of what is named in it: PATH:NAME, PATH, its parents. */
export function pathScopes(path: string, name: string | undefined): string[] {
  const scopes = name === undefined ? [] : [`${path}:${name}`];
  for (let current = path; current !== '' && current !== '/'; current = current.replace(/\/[^/]*$/, ''))
    scopes.push(current);
  return scopes;
}
