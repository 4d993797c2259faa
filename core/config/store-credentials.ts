/**
 * Keeping and forgetting credentials (login, logout): in the helper that is configured for the registry, else in the
 * user's auth file, which is replaced by one rename, closed to others, with all in it that isn't ours to change.
 */

import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { replaceFile } from '../aside.ts';
import { PodError } from '../error.ts';
import {
  type AuthFile,
  HUB_SERVER,
  helperFor,
  isFields,
  keysFor,
  normalisedKey,
  parseAuthFile,
  readAuthFile,
  storeHelper,
} from './auth-file.ts';
import { eraseWithHelper, storeWithHelper } from './credential-helper.ts';
import { type Credentials, FILES } from './credentials.ts';
import { type Environment, whereItIs } from './read-config.ts';

export interface KeepOptions {
  /** The auth file, see ownAuthFile. */
  readonly file: string;
  readonly env: Environment;
  /** Of registries.conf: "containers-auth.json" or names of helpers; the first that takes them keeps them. */
  readonly helpers?: readonly string[] | undefined;
  /** Keeps others from changing the file while `work` does. */
  exclusively<T>(work: () => Promise<T>): Promise<T>;
  /** Write Docker Hub's entry as Docker does. */
  readonly compatible?: boolean;
}

/**
 * Keeps credentials for `key`, a registry ("quay.io") or a part of one ("quay.io/team"). Gives where they are now: a
 * path or a helper's program. Throws PodError `invalid` for a file that can't be read: it is left as it is.
 */
export async function storeCredentials(
  key: string,
  credentials: Credentials,
  options: KeepOptions,
): Promise<string> {
  const { helpers = [FILES], env, file: path } = options;
  const failures: PodError[] = [];
  for (const helper of helpers) {
    try {
      if (helper === FILES) return await toFile(key, credentials, options);
      refusePart(key, helper);
      await storeWithHelper(helper, key, credentials, env);
      return `docker-credential-${helper}`;
    } catch (error) {
      if (!(error instanceof PodError)) throw error;
      failures.push(error);
    }
  }
  throw failures[0] ?? new PodError({ code: 'usage', message: `cannot keep credentials in ${path}` });
}

async function toFile(key: string, credentials: Credentials, options: KeepOptions): Promise<string> {
  const { file: path, env, compatible } = options;
  return options.exclusively(async () => {
    const file = readAuthFile(path) ?? parseAuthFile(path, '{}');
    const registry = key.split('/', 1)[0]!;
    const helper = helperFor(file, registry) ?? storeHelper(file, registry);
    if (helper !== undefined) {
      refusePart(key, helper.name);
      await storeWithHelper(helper.name, helper.server, credentials, env);
      // What a file has is found before credsStore.
      if (keysFor(file.auths, key).length > 0) replace(file, withoutKey(file, key));
      return `docker-credential-${helper.name}`;
    }
    const name = compatible && key === 'docker.io' ? HUB_SERVER : key;
    const before = file.auths[keysFor(file.auths, key)[0] ?? ''] ?? {};
    replace(file, { ...withoutKey(file, key), [name]: entryOf(credentials, before) });
    return path;
  });
}

/** What others know of an entry stays; what we write takes the place of everything that could stand for it. */
function entryOf(credentials: Credentials, before: Record<string, unknown>): Record<string, unknown> {
  const { auth: _a, username: _u, password: _p, identitytoken: _i, registrytoken: _r, ...others } = before;
  if (credentials.kind === 'identity') return { ...others, identitytoken: credentials.token };
  const plain = `${credentials.user}:${credentials.password}`;
  return { ...others, auth: Buffer.from(plain, 'utf8').toString('base64') };
}

/** Helpers know registries only. */
function refusePart(key: string, helper: string): void {
  if (!key.includes('/')) return;
  throw new PodError({
    code: 'unsupported',
    message: `cannot keep credentials for ${key}`,
    why: `docker-credential-${helper} keeps those of whole registries only`,
    hint: 'choose another file with --authfile',
  });
}

/** Forgets `key` wherever it is kept. False: nobody knew of it. */
export async function removeCredentials(key: string, options: KeepOptions): Promise<boolean> {
  const { helpers = [FILES], env } = options;
  let known = false;
  for (const helper of helpers) {
    if (helper === FILES) known = (await fromFile(key, options)) || known;
    else if (!key.includes('/')) known = (await eraseWithHelper(helper, key, env)) || known;
  }
  return known;
}

async function fromFile(key: string, { file: path, env, exclusively }: KeepOptions): Promise<boolean> {
  return exclusively(async () => {
    const file = readAuthFile(path);
    if (file === undefined) return false;
    let known = false;
    const helper = key.includes('/') ? undefined : (helperFor(file, key) ?? storeHelper(file, key));
    if (helper !== undefined) known = await eraseWithHelper(helper.name, helper.server, env);
    if (keysFor(file.auths, key).length === 0) return known;
    replace(file, withoutKey(file, key));
    return true;
  });
}

/** Forgets all registries of the auth file and of the helpers that it names for them. */
export async function removeAllCredentials(options: KeepOptions): Promise<void> {
  const { file: path, env, exclusively } = options;
  await exclusively(async () => {
    const file = readAuthFile(path);
    if (file === undefined) return;
    for (const server of Object.keys(file.credHelpers)) {
      const helper = helperFor(file, normalisedKey(server));
      if (helper !== undefined) await eraseWithHelper(helper.name, helper.server, env);
    }
    for (const key of Object.keys(file.auths)) {
      const helper = storeHelper(file, normalisedKey(key));
      if (helper !== undefined) await eraseWithHelper(helper.name, helper.server, env);
    }
    replace(file, {});
  });
}

function withoutKey({ json, auths }: AuthFile, key: string): Record<string, unknown> {
  const gone = new Set(keysFor(auths, key));
  const all = isFields(json.auths) ? json.auths : {};
  return Object.fromEntries(Object.entries(all).filter(([name]) => !gone.has(name)));
}

function replace({ path, json }: AuthFile, auths: Record<string, unknown>): void {
  const text = `${JSON.stringify({ ...json, auths }, null, '\t')}\n`;
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  replaceFile(whereItIs(path), text);
}
