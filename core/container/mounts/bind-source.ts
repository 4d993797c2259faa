import { accessSync, constants, mkdirSync, type Stats, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname } from 'node:path';
import type { IdMaps } from '../../../rootless/id-map.ts';
import { toContainer } from '../../../rootless/id-range.ts';
import { errnoOf, PodError } from '../../error.ts';
import { type MountRequest, refuse } from './request.ts';

/** Makes sure that a bind mount's source is there; docker makes it, podman doesn't, and neither do we unasked. */
export function checkBindSource(request: MountRequest, dryRun: boolean): Stats | undefined {
  const path = request.source!;
  if (request.chown) refuseToGiveAway(request.asked, path);
  try {
    return statSync(path);
  } catch (cause) {
    const missing = errnoOf(cause) === 'ENOENT';
    if (missing && request.create) {
      if (!dryRun) mkdirSync(path, { recursive: true });
      return undefined;
    }
    throw new PodError({
      code: missing ? 'not-found' : 'denied',
      message: `cannot mount ${path} on ${request.destination}`,
      why: missing ? 'it does not exist' : (cause as Error).message,
      ...(missing && { hint: `mkdir -p ${path}` }),
      cause,
    });
  }
}

/** U on a directory of this kind would give away far more than anybody means to. */
function refuseToGiveAway(asked: string, path: string): void {
  if (path === '/' || dirname(path) === '/' || dirname(path) === '/home' || path === homedir())
    throw refuse(asked, `U would change the owner of everything in ${path}`, 'name a directory below it');
}

const READ = 4;
const WRITE = 2;

function userMay(path: string, mode: number): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
}

/**
 * What to say of a source that the user can read or write, but that nobody in the container will be able to, because its
 * owner isn't mapped there; undefined when all is well.
 */
export function ownerNotice(request: MountRequest, about: Stats, maps: IdMaps): string | undefined {
  const path = request.source!;
  const mapped = toContainer(about.uid, maps.uid) !== undefined;
  const readOnly = request.options.includes('ro') || request.overlay === true;
  const others = readOnly ? READ : READ | WRITE;
  if (mapped || request.chown || (about.mode & others) === others) return undefined;
  const wish = readOnly ? constants.R_OK : constants.R_OK | constants.W_OK;
  if (!userMay(path, wish)) return undefined;
  return (
    `Warning: ${path} belongs to uid ${about.uid}, which this container has no id for: ` +
    `it belongs to nobody there (--userns keep-id maps your id, the mount option U gives the files to the container)`
  );
}
