/** What policy.json trusts, as `image trust` shows and changes it. */

import { accessSync, constants, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { replaceFile } from '../aside.ts';
import { errnoOf, PodError } from '../error.ts';
import {
  type KeySource,
  loadPolicy,
  type Policy,
  parsePolicy,
  policyFiles,
  type Requirement,
} from './policy.ts';
import { type Environment, readIfPresent, whereItIs } from './read-config.ts';
import { signaturePlaces } from './registries-d.ts';

/** One scope of the policy. */
export interface Trust {
  /** "all" for the default, "repository" for registries, else the transport's name. */
  readonly transport: string;
  /** "default", "" for a transport as a whole, or the scope. */
  readonly name: string;
  /** "accept", "reject", "signed", "sigstoreSigned", "unsupported"; of several requirements each once. */
  readonly type: string;
  /** Paths of the keys. */
  readonly keys: readonly string[];
  /** Where simple signatures are looked for. */
  readonly store: string;
}

const WORDS: Record<Requirement['type'], string> = {
  insecureAcceptAnything: 'accept',
  reject: 'reject',
  signedBy: 'signed',
  sigstoreSigned: 'sigstoreSigned',
  unsupported: 'unsupported',
};

/** The text of the policy that counts, and its path; undefined where there is none. */
export function policyText(env: Environment, explicit?: string): { path: string; text: string } | undefined {
  for (const path of explicit === undefined ? policyFiles(env) : [explicit]) {
    const text = readIfPresent(path);
    if (text !== undefined) return { path, text };
  }
  return undefined;
}

/** All scopes of the policy, the default first. Without a policy everything is accepted. */
export function listTrust(env: Environment, explicit?: string): Trust[] {
  const policy: Policy | undefined = loadPolicy(env, explicit);
  const first = policy?.default ?? [{ type: 'insecureAcceptAnything' as const }];
  const rows = [trustOf('all', 'default', first, '')];
  for (const [transport, scopes] of policy?.transports ?? []) {
    const isRegistry = transport === 'docker';
    for (const [name, requirements] of scopes) {
      const store = isRegistry && name !== '' ? signaturePlaces(name, name, env).lookaside?.href : undefined;
      rows.push(trustOf(isRegistry ? 'repository' : transport, name, requirements, store ?? ''));
    }
  }
  return rows;
}

function trustOf(
  transport: string,
  name: string,
  requirements: readonly Requirement[],
  store: string,
): Trust {
  const types = new Set(requirements.map(({ type }) => WORDS[type]));
  const keys = requirements.flatMap((one) => ('keys' in one ? one.keys.map(wordsFor) : []));
  return { transport, name, type: [...types].join(','), keys, store: types.has('signed') ? store : '' };
}

function wordsFor(key: KeySource): string {
  return 'path' in key ? key.path : 'in the policy';
}

export type TrustType = 'accept' | 'reject' | 'signedBy' | 'sigstoreSigned';

/**
 * Changes what is required of a registry, a part of one, or, for "default", of all others, in the user's own
 * policy.json, which begins as a copy of the machine's. `keys` are absolute paths. Gives the file's path.
 */
export function setTrust(
  scope: string,
  type: TrustType,
  keys: readonly string[],
  env: Environment,
  explicit?: string,
): string {
  const path = explicit ?? policyFiles(env)[0]!;
  const before = policyText(env, explicit) ?? {
    path,
    text: '{"default":[{"type":"insecureAcceptAnything"}]}',
  };
  parsePolicy(before.path, before.text);
  const policy = JSON.parse(before.text) as { default: unknown; transports?: Record<string, object> };
  const requirements = requirementsOf(type, keys);
  const docker = { ...policy.transports?.docker, [scope]: requirements };
  const after =
    scope === 'default'
      ? { ...policy, default: requirements }
      : { ...policy, transports: { ...policy.transports, docker } };
  const text = `${JSON.stringify(after, null, 4)}\n`;
  parsePolicy(path, text);
  replace(path, text);
  return path;
}

function requirementsOf(type: TrustType, keys: readonly string[]): object[] {
  if (type === 'accept' || type === 'reject') {
    if (keys.length > 0) throw new PodError({ code: 'usage', message: `--type ${type} takes no keys` });
    return [{ type: type === 'accept' ? 'insecureAcceptAnything' : 'reject' }];
  }
  if (keys.length === 0)
    throw new PodError({ code: 'usage', message: `--type ${type} needs a key`, hint: '--pubkeysfile FILE' });
  for (const path of keys) checkReadable(path);
  // Each key must have signed: that is podman's meaning of several.
  return keys.map((keyPath) => ({ type, ...(type === 'signedBy' && { keyType: 'GPGKeys' }), keyPath }));
}

function checkReadable(path: string): void {
  try {
    accessSync(path, constants.R_OK);
  } catch (cause) {
    const why = errnoOf(cause) === 'ENOENT' ? 'there is no such file' : (errnoOf(cause) ?? '');
    throw new PodError({ code: 'not-found', message: `cannot read the key ${path}`, why, cause });
  }
}

function replace(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  replaceFile(whereItIs(path), text, 0o666);
}
