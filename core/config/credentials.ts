/** Finding a registry's credentials. Nothing from here may reach a message, a log or argv. */

import {
  type AuthFile,
  authFiles,
  helperFor,
  keysFor,
  type NamedHelper,
  readAuthFile,
  storeHelper,
} from './auth-file.ts';
import { askCredentialHelper } from './credential-helper.ts';
import { brokenConfig, type Environment } from './read-config.ts';

export type Credentials =
  | { readonly kind: 'password'; readonly user: string; readonly password: string }
  /** An OAuth2 refresh token ("identitytoken"), to be changed into access tokens. */
  | { readonly kind: 'identity'; readonly token: string };

/** Stands in lists of helpers for the files (containers-registries.conf(5), credential-helpers). */
export const FILES = 'containers-auth.json';

/**
 * Credentials for a repository ("quay.io/team/app") or a whole registry ("quay.io"): per file the entry with the
 * longest matching path, a helper named for the registry before the file's own entries, the file's credsStore last.
 * `helpers` are those that registries.conf names ("containers-auth.json" stands for the files). Undefined: go
 * anonymously.
 */
export async function findCredentials(
  repository: string,
  env: Environment,
  helpers: readonly string[] = [FILES],
): Promise<Credentials | undefined> {
  const registry = repository.split('/', 1)[0]!;
  for (const helper of helpers) {
    const found =
      helper === FILES
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
    const file = readAuthFile(path);
    const found = file && (await fromFile(file, repository, registry, env));
    if (found !== undefined) return found;
  }
  return undefined;
}

async function fromFile(
  file: AuthFile,
  repository: string,
  registry: string,
  env: Environment,
): Promise<Credentials | undefined> {
  const ask = (helper: NamedHelper) => askCredentialHelper(helper.name, helper.server, env);
  const helper = helperFor(file, registry);
  if (helper !== undefined) {
    const found = await ask(helper);
    if (found !== undefined) return found;
  }
  for (const key of scopesOf(repository)) {
    const entry = findEntry(file.auths, key);
    const found = entry === undefined ? undefined : readEntry(file.path, key, entry);
    if (found !== undefined) return found;
  }
  const store = storeHelper(file, registry);
  return store && ask(store);
}

/** "host/a/b", "host/a", "host": the most special entry wins. */
function scopesOf(repository: string): string[] {
  const parts = repository.split('/');
  return parts.map((_, index) => parts.slice(0, parts.length - index).join('/'));
}

function findEntry(auths: AuthFile['auths'], key: string): Record<string, unknown> | undefined {
  if (Object.hasOwn(auths, key)) return auths[key];
  const name = keysFor(auths, key)[0];
  return name === undefined ? undefined : auths[name];
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
