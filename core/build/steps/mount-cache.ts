/**
 * RUN --mount=type=cache: directories that outlive builds.
 *
 *   cache-mounts/<hash of the id>/id        the id, for who looks
 *   cache-mounts/<hash>/shared              what `shared` and `locked` mount
 *   cache-mounts/<hash>/free.<n>            what `private` takes, by renaming it to
 *   cache-mounts/<hash>/used.<n>.<pid>.<start>   as long as that process's step runs
 *   cache-mounts/<hash>/making-…            one that is being made
 *   locks/cache-mount-<hash>                of `locked`; the kernel frees it with its holder
 */

import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readdirSync, renameSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { ownersNamespace } from '../../container/copy/place.ts';
import { identify, isSameProcess } from '../../container/process-identity.ts';
import { removeTrees } from '../../container/remove-tree.ts';
import { errnoOf } from '../../error.ts';
import { enterAndDo } from '../../images/unpack/apply-job.ts';
import { withLock } from '../../lock.ts';
import { writeFile } from '../../write-file.ts';
import type { RunMount } from '../dockerfile/dockerfile.ts';
import type { BuildEnvironment } from './step.ts';

export type CacheMount = RunMount & { type: 'cache' };

/** Gives the directory to `work`, alone or together with others as the mount says; `fill` makes what a new one begins with. */
export async function withCacheMount<T>(
  build: BuildEnvironment,
  mount: CacheMount,
  fill: (directory: string) => Promise<void>,
  work: (directory: string) => Promise<T>,
): Promise<T> {
  const hash = createHash('sha256').update(mount.id).digest('hex').slice(0, 32);
  const home = join(build.paths.cacheMounts, hash);
  mkdirSync(home, { recursive: true, mode: 0o700 });
  if (!existsSync(join(home, 'id'))) writeFile(join(home, 'id'), mount.id);
  const lock = join(build.paths.locks, `cache-mount-${hash}`);
  if (mount.sharing === 'private') {
    const [taken, free] = takePrivate(home);
    if (!existsSync(taken)) await make(build, taken, mount, fill);
    try {
      return await work(taken);
    } finally {
      renameSync(taken, free);
    }
  }
  const directory = join(home, 'shared');
  const made = async (): Promise<void> => {
    if (!existsSync(directory)) await make(build, directory, mount, fill);
  };
  if (mount.sharing === 'locked') {
    return withLock(lock, async () => {
      await made();
      return work(directory);
    });
  }
  if (!existsSync(directory)) await withLock(lock, made);
  return work(directory);
}

/** One that nobody uses, or the next that isn't there yet. The name that it has now, and the one to give it back. */
function takePrivate(home: string): [taken: string, free: string] {
  const { pid, start } = identify(process.pid);
  const names = readdirSync(home);
  const numbers = names.map((name) => Number(name.split('.')[1] ?? -1));
  const isFree = (name: string): boolean => {
    const [state, , owner, since] = name.split('.');
    return (
      state === 'free' || (state === 'used' && !isSameProcess({ pid: Number(owner), start: since ?? '' }))
    );
  };
  for (const name of names.filter(isFree)) {
    const number = name.split('.')[1];
    const taken = join(home, `used.${number}.${pid}.${start}`);
    try {
      renameSync(join(home, name), taken);
      return [taken, join(home, `free.${number}`)];
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw error; // another build was faster
    }
  }
  const next = Math.max(0, ...numbers) + 1;
  return [join(home, `used.${next}.${pid}.${start}`), join(home, `free.${next}`)];
}

/** Made beside it, so that a cache is there whole or not at all: what isn't the user's own can't leave its directory. */
async function make(
  build: BuildEnvironment,
  directory: string,
  { mode, uid, gid }: CacheMount,
  fill: (directory: string) => Promise<void>,
): Promise<void> {
  const aside = join(dirname(directory), `making-${basename(directory)}`);
  removeTrees([aside]);
  mkdirSync(aside, { mode: 0o700 });
  await fill(aside);
  chmodSync(aside, mode);
  if (uid !== 0 || gid !== 0)
    await enterAndDo(ownersNamespace(build.host), ['chown', String(uid), String(gid), aside]);
  renameSync(aside, directory);
}
