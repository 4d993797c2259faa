/**
 * Credentials of registries, as containers-auth.json(5) and Docker's config.json keep them. Nothing from here may
 * reach a message, a log or argv.
 */

import { join } from 'node:path';
import { askCredentialHelper } from './credential-helper.ts';
import { brokenConfig, configHome, type Environment, readIfPresent } from './read-config.ts';

export type Credentials =
  | { readonly kind: 'password'; readonly user: string; readonly password: string }
  /** An OAuth2 refresh token ("identitytoken"), to be changed into access tokens. */
  | { readonly kind: 'identity'; readonly token: string };

interface AuthFile {
  auths: Record<string, Record<string, unknown>>;
  credHelpers: Record<string, unknown>;
  credsStore: string | undefined;
}

/** The files that may hold credentials, in the order they are asked. */
export function authFiles(env: Environment): string[] {
  if (env.REGISTRY_AUTH_FILE) return [env.REGISTRY_AUTH_FILE];
  const files: string[] = [];
  if (env.XDG_RUNTIME_DIR) files.push(join(env.XDG_RUNTIME_DIR, 'containers/auth.json'));
  const config = configHome(env);
  if (config !== undefined) files.push(join(config, 'containers/auth.json'));
  if (env.DOCKER_CONFIG) files.push(join(env.DOCKER_CONFIG, 'config.json'));
  else if (env.HOME) files.push(join(env.HOME, '.docker/config.json'));
  return files;
}

/**
 * Credentials for a repository ("quay.io/team/app"): per file the entry with the longest matching path, a helper
 * named for the registry before the file's own entries, the file's credsStore last. `helpers` are those that
 * registries.conf names ("containers-auth.json" stands for the files). Undefined: go anonymously.
 */
export async function findCredentials(
  repository: string,
  env: Environment,
  helpers: readonly string[] = ['containers-auth.json'],
): Promise<Credentials | undefined> {
  const registry = repository.slice(0, repository.indexOf('/'));
  for (const helper of helpers) {
    const found =
      helper === 'containers-auth.json'
        ? await fromFiles(repository, registry, env)
        : await askCredentialHelper(helper, registry, env);
    if (found !== undefined) return found;
  }
  return undefined;
}

async function fromFiles(
  repository: string,
  registry: string,
  env: Environment,
): Promise<Credentials | undefined> {
  for (const path of authFiles(env)) {
    const text = readIfPresent(path);
    if (text === undefined || text.trim() === '') continue;
    const file = parseAuthFile(path, text);
    const found = await fromFile(path, file, repository, registry, env);
    if (found !== undefined) return found;
  }
  return undefined;
}

async function fromFile(
  path: string,
  file: AuthFile,
  repository: string,
  registry: string,
  env: Environment,
): Promise<Credentials | undefined> {
  const helper = helperFor(file, registry);
  if (helper !== undefined) {
    const found = await askCredentialHelper(helper.name, helper.server, env);
    if (found !== undefined) return found;
  }
  for (const key of keysOf(repository)) {
    const entry = findEntry(file.auths, key);
    const found = entry === undefined ? undefined : readEntry(path, key, entry);
    if (found !== undefined) return found;
  }
  if (file.credsStore === undefined) return undefined;
  const server = registry === 'docker.io' ? 'https://index.docker.io/v1/' : registry;
  return askCredentialHelper(file.credsStore, server, env);
}

/** "host/a/b", "host/a", "host": the most special entry wins. */
function keysOf(repository: string): string[] {
  const parts = repository.split('/');
  return parts.map((_, index) => parts.slice(0, parts.length - index).join('/'));
}

/** Keys come as people and tools wrote them: "https://index.docker.io/v1/", "quay.io", "quay.io/team". */
function normalisedKey(key: string): string {
  const bare = key
    .replace(/^https?:\/\//, '')
    .replace(/\/v[12]\/?$/, '')
    .replace(/\/+$/, '');
  const slash = bare.indexOf('/');
  const host = slash < 0 ? bare : bare.slice(0, slash);
  const rest = slash < 0 ? '' : bare.slice(slash);
  const isHub = host === 'index.docker.io' || host === 'registry-1.docker.io';
  return (isHub ? 'docker.io' : host) + rest;
}

function findEntry(auths: AuthFile['auths'], key: string): Record<string, unknown> | undefined {
  if (Object.hasOwn(auths, key)) return auths[key];
  const name = Object.keys(auths).find((candidate) => normalisedKey(candidate) === key);
  return name === undefined ? undefined : auths[name];
}

function helperFor(file: AuthFile, registry: string): { name: string; server: string } | undefined {
  for (const [server, name] of Object.entries(file.credHelpers)) {
    if (normalisedKey(server) === registry && typeof name === 'string') return { name, server };
  }
  return undefined;
}

function readEntry(path: string, key: string, entry: Record<string, unknown>): Credentials | undefined {
  if (typeof entry.identitytoken === 'string' && entry.identitytoken !== '') {
    return { kind: 'identity', token: entry.identitytoken };
  }
  if (typeof entry.auth === 'string' && entry.auth !== '') {
    const decoded = Buffer.from(entry.auth, 'base64').toString('utf8');
    const colon = decoded.indexOf(':');
    if (colon < 0) throw brokenConfig(path, `the entry of ${key} is not base64 of user:password`);
    // Docker pads the password with NUL bytes.
    return {
      kind: 'password',
      user: decoded.slice(0, colon),
      password: decoded.slice(colon + 1).replace(/\0+$/, ''),
    };
  }
  if (typeof entry.username === 'string' && typeof entry.password === 'string') {
    return { kind: 'password', user: entry.username, password: entry.password };
  }
  return undefined;
}

function parseAuthFile(path: string, text: string): AuthFile {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    // V8's message quotes the text around the mistake: that may be a secret.
    throw brokenConfig(path, 'it is not JSON');
  }
  if (!isRecord(json)) throw brokenConfig(path, 'it is not a JSON object');
  const auths: AuthFile['auths'] = {};
  for (const [key, entry] of Object.entries(isRecord(json.auths) ? json.auths : {})) {
    if (isRecord(entry)) auths[key] = entry;
  }
  return {
    auths,
    credHelpers: isRecord(json.credHelpers) ? json.credHelpers : {},
    credsStore: typeof json.credsStore === 'string' && json.credsStore !== '' ? json.credsStore : undefined,
  };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
