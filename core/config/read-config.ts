/** Reading configuration files: absent ones cost one failed open, and broken ones are named. */

import { readdirSync, readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf, PodError } from '../error.ts';
import { homeOf } from '../home.ts';

/** The environment as it is when a command runs; tests pass their own. */
export type Environment = Readonly<Record<string, string | undefined>>;

const LARGEST = 4 << 20;

/** The file's text, or undefined where there is none (or none that this user may reach). */
export function readIfPresent(path: string): string | undefined {
  try {
    const text = readFileSync(path, 'utf8');
    if (text.length > LARGEST) throw brokenConfig(path, 'it is larger than 4 MiB');
    return text;
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === 'ENOENT' || errno === 'ENOTDIR') return undefined;
    if (error instanceof PodError) throw error;
    throw new PodError({
      code: 'io',
      message: `cannot read ${path}`,
      why: errno ?? String(error),
      cause: error,
    });
  }
}

/** Paths of the drop-in files `DIR/*.ENDING` in the order of their names; none where the folder is absent. */
export function dropIns(directory: string, ending: string): string[] {
  try {
    const names = readdirSync(directory).filter((name) => name.endsWith(ending));
    return names.sort().map((name) => join(directory, name));
  } catch {
    return [];
  }
}

export function brokenConfig(path: string, why: string, cause?: unknown): PodError {
  return new PodError({ code: 'invalid', message: `cannot use ${path}`, why, cause });
}

/** $XDG_CONFIG_HOME or ~/.config; undefined for a user with neither. */
export function configHome(env: Environment): string | undefined {
  if (env.XDG_CONFIG_HOME !== undefined && env.XDG_CONFIG_HOME !== '') return env.XDG_CONFIG_HOME;
  const home = homeOf(env);
  return home && join(home, '.config');
}

/** What is to be written in its place: a link stays one, as people keep their configuration elsewhere. */
export function whereItIs(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return path;
    throw error;
  }
}
