/**
 * containers-storage.conf(5): where podman, buildah and skopeo keep images for a user without root. The user's own file
 * takes the place of the system's, and $CONTAINERS_STORAGE_CONF that of both; a system's file counts by its
 * `rootless_storage_path` alone, since its `graphroot` is root's.
 */

import { join, normalize } from 'node:path';
import { homeOf } from '../home.ts';
import { configHome, type Environment, readIfPresent } from './read-config.ts';
import { isTable, parseTomlFile } from './toml-file.ts';

export interface StorageConfig {
  /** An absolute path. */
  readonly root: string;
  /** "overlay", "vfs"; undefined where no file names one. */
  readonly driver: string | undefined;
}

const SYSTEM = ['/etc/containers/storage.conf', '/usr/share/containers/storage.conf'];

/** Throws PodError `invalid` for a file that is no TOML, or that gives something else than text. */
export async function loadStorageConfig(
  env: Environment,
  uid = process.getuid!(),
  system: readonly string[] = SYSTEM,
): Promise<StorageConfig> {
  const home = configHome(env);
  const own = env.CONTAINERS_STORAGE_CONF || (home && join(home, 'containers/storage.conf'));
  const usual = join(env.XDG_DATA_HOME || join(homeOf(env) ?? '/', '.local/share'), 'containers/storage');
  let driver = env.STORAGE_DRIVER || undefined;
  for (const path of [...(own ? [own] : []), ...system]) {
    const text = readIfPresent(path);
    if (text === undefined) continue;
    const said = await readStorage(path, text);
    driver ??= said.driver;
    const root = (path === own && said.graphroot) || said.rootless_storage_path;
    return { root: root ? expanded(root, env, uid) : usual, driver };
  }
  return { root: usual, driver };
}

async function readStorage(path: string, text: string) {
  const { table, fail } = await parseTomlFile(path, text);
  const storage = isTable(table.storage) ? table.storage : {};
  const word = (key: string): string | undefined => {
    const value = storage[key];
    if (value !== undefined && typeof value !== 'string') throw fail(`${key} is no text`, { key });
    return value || undefined;
  };
  return {
    driver: word('driver'),
    graphroot: word('graphroot'),
    rootless_storage_path: word('rootless_storage_path'),
  };
}

/** $UID is the user's number and $HOME their home, though no environment has them. */
function expanded(path: string, env: Environment, uid: number): string {
  const known: Environment = { ...env, UID: String(uid), HOME: homeOf(env) };
  const value = (name: string): string => known[name] ?? '';
  return normalize(path.replace(/\$(?:\{(\w+)\}|(\w+))/g, (_, braced, plain) => value(braced ?? plain)));
}
