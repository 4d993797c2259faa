import { existsSync, mkdirSync, renameSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isContainer } from '../container/store.ts';
import { errnoOf } from '../error.ts';
import { emitEvent } from '../events.ts';
import { namesIn } from '../names-in.ts';
import type { Paths } from '../paths.ts';
import { makeVolume, type NewVolume, volumeDirectory } from './store.ts';

/**
 * Who uses a volume: users/<id> for each container. What removes a volume takes the directory `users` away first, which
 * the kernel allows only while it is empty, and a container that wants to use it then can't enter itself any more: so
 * that neither has to lock out the other. The launcher does the same at the end of a container with --rm (record.c).
 */

const usersOf = (paths: Paths, name: string): string => join(volumeDirectory(paths, name), 'users');

/** The file by which a container uses a volume. */
export function userFile(paths: Paths, name: string, id: string): string {
  return join(usersOf(paths, name), id);
}

/** Enters a container as a user of a volume, which is made unless it is there. True: it was made. */
export function useVolume(paths: Paths, volume: NewVolume, id: string): boolean {
  for (let tries = 0; ; tries++) {
    const made = makeVolume(paths, volume);
    try {
      writeFileSync(userFile(paths, volume.name, id), '', { mode: 0o600 });
      if (made)
        emitEvent(paths, {
          type: 'volume',
          action: 'create',
          id: volume.name,
          attributes: { driver: 'local' },
        });
      return made;
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT' || tries > 100) throw error;
    }
    finishRemoval(paths, volume.name);
  }
}

/** Who removes it has taken `users` away, and may have been killed since. */
function finishRemoval(paths: Paths, name: string): void {
  const directory = volumeDirectory(paths, name);
  if (existsSync(join(directory, 'volume.json'))) moveToTrash(paths, name);
  else if (existsSync(directory)) mkdirSync(join(directory, 'users'), { recursive: true, mode: 0o700 });
}

export function releaseVolume(paths: Paths, name: string, id: string): void {
  rmSync(userFile(paths, name, id), { force: true });
}

/** Ids of the containers that use it. What a container has left that was never finished is taken back. */
export function volumeUsers(paths: Paths, name: string): string[] {
  return namesIn(usersOf(paths, name)).filter((id) => {
    if (isContainer(paths, id)) return true;
    releaseVolume(paths, name, id);
    return false;
  });
}

function trashOf(paths: Paths, name: string): string {
  const words = [`volume-${name}`.slice(0, 200), Date.now().toString(36), process.pid];
  return join(paths.trash, words.join('-'));
}

function moveToTrash(paths: Paths, name: string): string | undefined {
  const trash = trashOf(paths, name);
  mkdirSync(paths.trash, { recursive: true, mode: 0o700 });
  try {
    renameSync(volumeDirectory(paths, name), trash);
    return trash;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * Takes a volume out of sight unless it is used. Gives where its files are now, undefined when somebody else has done it;
 * where it is used, the ids of those that do.
 */
export function discardVolume(paths: Paths, name: string): string | undefined | string[] {
  const users = volumeUsers(paths, name);
  if (users.length > 0) return users;
  if (!closeVolume(paths, name)) return volumeUsers(paths, name);
  const trash = moveToTrash(paths, name);
  if (trash !== undefined)
    emitEvent(paths, { type: 'volume', action: 'destroy', id: name, attributes: { driver: 'local' } });
  return trash;
}

function closeVolume(paths: Paths, name: string): boolean {
  try {
    rmdirSync(usersOf(paths, name));
    return true;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return true;
    if (errnoOf(error) === 'ENOTEMPTY' || errnoOf(error) === 'EEXIST') return false;
    throw error;
  }
}
