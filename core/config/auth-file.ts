/**
 * Files of credentials: containers-auth.json(5) and Docker's config.json, which has the same members. Nothing of what
 * is in one may reach a message.
 */

import { statSync } from 'node:fs';
import { join } from 'node:path';
import { PodError } from '../error.ts';
import { homeOf } from '../home.ts';
import { brokenConfig, configHome, type Environment, readIfPresent } from './read-config.ts';

type Fields = Record<string, unknown>;

export interface AuthFile {
  readonly path: string;
  /** All of the file, also what only others know. */
  readonly json: Fields;
  /** The entries as they are written, by the registry or repository that they are for. */
  readonly auths: Record<string, Fields>;
  readonly credHelpers: Fields;
  readonly credsStore: string | undefined;
}

/** What Docker calls its Hub in config.json, and asks helpers for. */
export const HUB_SERVER = 'https://index.docker.io/v1/';

/** The files that may hold credentials, in the order they are asked; the first is the one that `login` writes to. */
export function authFiles(env: Environment): string[] {
  if (env.REGISTRY_AUTH_FILE) return [env.REGISTRY_AUTH_FILE];
  const files: string[] = [];
  if (env.DOCKER_CONFIG) files.push(join(env.DOCKER_CONFIG, 'config.json'));
  const session = env.XDG_RUNTIME_DIR || ownSession();
  if (session !== undefined) files.push(join(session, 'containers/auth.json'));
  const config = configHome(env);
  if (config !== undefined) files.push(join(config, 'containers/auth.json'));
  const home = homeOf(env);
  if (!env.DOCKER_CONFIG && home) files.push(join(home, '.docker/config.json'));
  return files;
}

/** The directory that the user's session would have in XDG_RUNTIME_DIR (pam_systemd(8)): cron is told of none. */
function ownSession(): string | undefined {
  const usual = `/run/user/${process.geteuid!()}`;
  try {
    return statSync(usual).uid === process.geteuid!() ? usual : undefined;
  } catch {
    return undefined;
  }
}

/** The file that `login` and `logout` change. Throws PodError `usage` where the environment names no place. */
export function ownAuthFile(env: Environment): string {
  const [first] = authFiles(env);
  if (first !== undefined) return first;
  throw new PodError({
    code: 'usage',
    message: 'cannot tell where to keep credentials',
    why: 'neither HOME nor XDG_RUNTIME_DIR is set',
    hint: 'tsc-pod login --authfile FILE …',
  });
}

/** Reads one; undefined where there is none, or an empty one. Throws PodError `invalid` that quotes nothing of it. */
export function readAuthFile(path: string): AuthFile | undefined {
  const text = readIfPresent(path);
  return text === undefined || text.trim() === '' ? undefined : parseAuthFile(path, text);
}

export function parseAuthFile(path: string, text: string): AuthFile {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    // V8's message quotes the text around the mistake: that may be a secret.
    throw brokenConfig(path, 'it is not JSON');
  }
  if (!isFields(json)) throw brokenConfig(path, 'it is not a JSON object');
  for (const name of ['auths', 'credHelpers']) {
    const value = json[name] ?? {};
    if (!isFields(value)) throw brokenConfig(path, `its ${name} is not a JSON object`);
  }
  const auths = Object.entries((json.auths ?? {}) as Fields).filter(([, entry]) => isFields(entry));
  return {
    path,
    json,
    auths: Object.fromEntries(auths) as AuthFile['auths'],
    credHelpers: (json.credHelpers ?? {}) as Fields,
    credsStore: typeof json.credsStore === 'string' && json.credsStore !== '' ? json.credsStore : undefined,
  };
}

/** Keys come as people and tools wrote them: "https://index.docker.io/v1/", "quay.io", "quay.io/team". */
export function normalisedKey(key: string): string {
  const bare = key
    .replace(/^https?:\/\//, '')
    .replace(/^([^/]+)\/v[12]\/?$/, '$1')
    .replace(/\/+$/, '');
  const slash = bare.indexOf('/');
  const host = slash < 0 ? bare : bare.slice(0, slash);
  const rest = slash < 0 ? '' : bare.slice(slash);
  const isHub = host === 'index.docker.io' || host === 'registry-1.docker.io';
  return (isHub ? 'docker.io' : host) + rest;
}

/** The keys under which a file has something for "quay.io" or "quay.io/team": there may be several. */
export function keysFor(auths: AuthFile['auths'], wanted: string): string[] {
  return Object.keys(auths).filter((key) => key === wanted || normalisedKey(key) === wanted);
}

/** The program that keeps a registry's credentials, and the name by which it is asked for them. */
export interface NamedHelper {
  readonly name: string;
  readonly server: string;
}

/** The helper that credHelpers names for a registry. */
export function helperFor(file: AuthFile, registry: string): NamedHelper | undefined {
  for (const [server, name] of Object.entries(file.credHelpers)) {
    if (normalisedKey(server) === registry && typeof name === 'string' && name !== '')
      return { name, server };
  }
  return undefined;
}

/** The helper that keeps all that no other does (Docker's credsStore). */
export function storeHelper({ credsStore }: AuthFile, registry: string): NamedHelper | undefined {
  if (credsStore === undefined) return undefined;
  return { name: credsStore, server: registry === 'docker.io' ? HUB_SERVER : registry };
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
