/** What the tests of pulling share: a store in the sandbox, the tests' own configuration, and short retries. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { PodError } from '../../core/error.ts';
import type { ImageRecord } from '../../core/images/format/types.ts';
import type { LayerProgress } from '../../core/images/pull/fetch-layer.ts';
import { pullImage } from '../../core/images/pull/pull.ts';
import type { PullOptions } from '../../core/images/pull/pull-options.ts';
import { keepLaunchersIn, provideLauncher } from '../../core/launcher.ts';
import { findPaths, type Paths } from '../../core/paths.ts';
import { parseImageReference } from '../../core/reference.ts';
import { hostIdMap, mapPlan } from '../../rootless/id-map.ts';
import { binary, environment, sandbox } from './harness/sandbox.ts';
import type { TestRegistry } from './registry/start-registry.ts';

const launcher = join(dirname(binary), 'launcher');
provideLauncher({ hash: 'test', read: () => readFileSync(launcher) });
keepLaunchersIn(join(sandbox.work, 'libexec'));

export const namespace = () => ({ launcher, maps: mapPlan(hostIdMap()) });
export const env: Record<string, string | undefined> = { ...environment, TSC_POD_REGISTRY_TIMEOUT: '20' };
const config = join(sandbox.home, '.config/containers');

let stores = 0;

/** An empty store of its own. */
export function newStore(): Paths {
  return findPaths(env, join(sandbox.work, `store-${++stores}`));
}

/** Replaces the user's auth.json; with undefined there is none. */
export function logIn(auths: object | undefined): void {
  const path = join(config, 'auth.json');
  mkdirSync(config, { recursive: true });
  if (auths === undefined) rmSync(path, { force: true });
  else writeFileSync(path, JSON.stringify(auths));
}

export function basicAuth({ user, password }: TestRegistry): { auth: string } {
  return { auth: Buffer.from(`${user}:${password}`).toString('base64') };
}

export interface Pulled {
  image: ImageRecord;
  progress: LayerProgress[];
  notices: string[];
}

/** Pulls; a failure is told with everything that is known about it. */
export async function pull(paths: Paths, name: string, options: Partial<PullOptions> = {}): Promise<Pulled> {
  try {
    return await attempt(paths, name, options);
  } catch (error) {
    if (!(error instanceof PodError)) throw error;
    throw new Error(`${error.code}: ${error.message}: ${error.why} (${error.hint})`, { cause: error });
  }
}

async function attempt(paths: Paths, name: string, options: Partial<PullOptions>): Promise<Pulled> {
  const progress: LayerProgress[] = [];
  const notices: string[] = [];
  const image = await pullImage(parseImageReference(name), {
    paths,
    namespace,
    env,
    policy: 'always',
    retry: { tries: 4, base: 20, longest: 3000 },
    onProgress: (event) => progress.push(event),
    onNotice: (text) => notices.push(text),
    ...options,
  });
  return { image, progress, notices };
}

/** The PodError that a pull ends with. */
export async function refusal(
  paths: Paths,
  name: string,
  options: Partial<PullOptions> = {},
): Promise<PodError> {
  try {
    await attempt(paths, name, options);
  } catch (error) {
    if (error instanceof PodError) return error;
    throw error;
  }
  throw new Error(`${name} was pulled`);
}

/** Everything in a store but its locks: folder names and blobs, for "nothing is left behind". */
export function contents(paths: Paths): string[] {
  const list = (directory: string, depth: number): string[] =>
    !existsSync(directory)
      ? []
      : readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
          const path = join(directory, entry.name);
          return entry.isDirectory() && depth > 0
            ? list(path, depth - 1)
            : [path.slice(paths.data.length + 1)];
        });
  return [paths.images, paths.layers, paths.partial, paths.trash].flatMap((path) =>
    list(path, path === paths.layers || path === paths.trash ? 0 : 2),
  );
}
