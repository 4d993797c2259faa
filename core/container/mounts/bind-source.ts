import { accessSync, constants, mkdirSync, type Stats, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname } from 'node:path';
import type { IdMaps } from '../../../rootless/id-map.ts';
import { toContainer } from '../../../rootless/id-range.ts';
import { callReason, errnoOf, PodError } from '../../error.ts';
import { type MountRequest, refuse } from './request.ts';

/** Makes sure that a bind mount's source is there; docker makes it, podman doesn't, and neither do we unasked. */
export function checkBindSource(request: MountRequest, dryRun: boolean): Stats | undefined {
  const path = request.source!;
  if (request.chown) refuseToGiveAway(request.asked, path);
  try {
    const about = statSync(path);
    refuseClosed(request, about);
    return about;
  } catch (cause) {
    if (cause instanceof PodError) throw cause;
    if (errnoOf(cause) === 'EACCES') throw closed(request, closedParent(path), 'enter');
    const missing = errnoOf(cause) === 'ENOENT';
    if (missing && request.create) {
      if (!dryRun) mkdirSync(path, { recursive: true });
      return undefined;
    }
    throw new PodError({
      code: missing ? 'not-found' : 'denied',
      message: `cannot mount ${path} on ${request.destination}`,
      why: missing ? 'it does not exist' : callReason(cause),
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

/** Nobody in a container may do more on the host than the user who starts it. */
function refuseClosed(request: MountRequest, about: Stats): void {
  const path = request.source!;
  const ways = about.isDirectory() ? [constants.R_OK, constants.X_OK] : [constants.R_OK, constants.W_OK];
  if (ways.some((way) => userMay(path, way))) return;
  throw closed(request, path, about.isDirectory() ? 'read or enter' : 'read or write');
}

/** The outermost directory on the way to a path that the user may not enter. */
function closedParent(path: string): string {
  const names = dirname(path).split('/').slice(1);
  const parents = ['/', ...names.map((_, index) => `/${names.slice(0, index + 1).join('/')}`)];
  return parents.find((parent) => !userMay(parent, constants.X_OK)) ?? path;
}

function closed({ source, destination }: MountRequest, path: string, verb: string): PodError {
  const { uid, gid, mode } = statSync(path);
  const owner = `it belongs to uid ${uid}, gid ${gid} (mode ${(mode & 0o7777).toString(8)})`;
  return new PodError({
    code: 'denied',
    message: `cannot mount ${source} on ${destination}`,
    why: path === source ? `${owner}, and you may not ${verb} it` : `you may not ${verb} ${path}: ${owner}`,
    hint: `setfacl -m u:${process.getuid!()}:${verb === 'enter' ? 'x' : 'rwX'} ${path}   # as its owner; no flag of a container gives more than you have`,
  });
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
    `it belongs to nobody there (${wayOut(about, readOnly)})`
  );
}

/** What helps depends on why the user may have it: as its owner, or as one of its group. */
function wayOut({ uid, gid, mode }: Stats, readOnly: boolean): string {
  const forGroup = (readOnly ? READ : READ | WRITE) << 3;
  if (uid === process.getuid!())
    return '--userns keep-id maps your id, the mount option U gives the files to the container';
  if ((mode & forGroup) === forGroup && process.getgroups!().includes(gid))
    return `--group-add keep-groups keeps your group ${gid}`;
  return 'its files can be had by nobody in the container but as others';
}
