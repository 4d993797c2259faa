import {
  closeSync,
  fdatasyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { OciSpec } from '../../rootless/oci-spec.ts';
import { parseExact, stringifyExact } from '../../rootless/seccomp/exact-json.ts';
import { errnoOf, PodError } from '../error.ts';
import type { Paths } from '../paths.ts';
import { checkName, isName, newId, randomName } from './name.ts';
import { identify, isSameProcess } from './process-identity.ts';
import type { ContainerRecord } from './record.ts';

/**
 * containers/<id>/ is complete from the moment it has that name: it is made as containers/.<id>.<pid>.<start>, and
 * renamed. names/<name>/ is a directory with one empty file, whose name is the id. It is put there by rename(2), which
 * replaces an empty directory and no other: one of many wins. And who takes the name from an id removes the file of
 * that very id, so that nobody can take it from the next one by mistake.
 */

const ID = /^[0-9a-f]{64}$/;

export function containerDirectory(paths: Paths, id: string): string {
  return join(paths.containers, id);
}

/** Where a start from here has its runtime directory. Short: unix sockets in it have paths of at most 107 bytes, unix(7). */
export function newRuntimeDirectory(paths: Paths, id: string): string {
  return join(paths.runtime, id.slice(0, 16));
}

/** The container's runtime directory: the monitor leaves a link, since cron and `su` have another XDG_RUNTIME_DIR. */
export function runtimeDirectory(paths: Paths, id: string): string {
  try {
    return readlinkSync(join(containerDirectory(paths, id), 'runtime'));
  } catch {
    return newRuntimeDirectory(paths, id);
  }
}

/** A container that is being made: its directory has everything but its final name. */
export interface Draft {
  id: string;
  name: string;
  directory: string;
}

function draftDirectory(paths: Paths, id: string): string {
  const { pid, start } = identify(process.pid);
  return join(paths.containers, `.${id}.${pid}.${start}`);
}

/**
 * Makes the directory and reserves the name: the wished one, or a random one that is free. Volumes are closed to
 * other users like containers: a set-user-ID program that root of a container leaves there is this user's own outside.
 */
export function beginContainer(paths: Paths, wish: string | undefined): Draft {
  for (const path of [paths.containers, paths.volumes, paths.names, paths.trash, paths.runtime])
    mkdirSync(path, { recursive: true, mode: 0o700 });
  const id = newId();
  const directory = draftDirectory(paths, id);
  mkdirSync(directory, { mode: 0o700 });
  try {
    return { id, directory, name: reserveName(paths, directory, id, wish) };
  } catch (error) {
    rmSync(directory, { recursive: true, force: true });
    throw error;
  }
}

/** Makes the container visible. `containers/<id>` is there, whole, after this; a power cut can't empty its files. */
export function commitContainer(paths: Paths, draft: Draft, spec: OciSpec, record: ContainerRecord): void {
  const durable = !record.autoRemove; // what goes with a reboot needs no disk
  writeWhole(join(draft.directory, 'config.json'), stringifyExact(spec), durable);
  writeWhole(join(draft.directory, 'container.json'), JSON.stringify(record), durable);
  renameSync(draft.directory, containerDirectory(paths, draft.id));
}

function writeWhole(file: string, text: string, durable: boolean): void {
  const fd = openSync(file, 'wx', 0o600);
  try {
    writeFileSync(fd, text);
    if (durable) fdatasyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

export function abandonContainer(paths: Paths, draft: Draft): void {
  try {
    rmSync(draft.directory, { recursive: true, force: true });
  } catch {
    // A copied root has files of other owners: left for collectLeftovers, once this process has ended.
  }
  releaseName(paths, draft.name, draft.id);
}

function reserveName(paths: Paths, draft: string, id: string, wish: string | undefined, claim = ''): string {
  const reservation = join(draft, 'name');
  mkdirSync(reservation, { mode: 0o700 });
  writeFileSync(join(reservation, id), claim);
  for (let attempt = 0; ; attempt++) {
    const name = wish === undefined ? randomName(attempt) : checkName('container', wish);
    try {
      renameSync(reservation, join(paths.names, name));
      return name;
    } catch (error) {
      if (errnoOf(error) !== 'ENOTEMPTY' && errnoOf(error) !== 'EEXIST') throw error;
    }
    const holder = holderOf(paths, name);
    if (holder === undefined || wish === undefined) continue;
    throw new PodError({
      code: 'conflict',
      message: `the name ${JSON.stringify(name)} is taken`,
      why: `container ${holder.slice(0, 12)} has it`,
      hint: `tsc-pod rm ${name}   # or choose another name`,
    });
  }
}

/** The file that reserves a name for an id. */
export function reservation(paths: Paths, name: string, id: string): string {
  return join(paths.names, name, id);
}

/**
 * Reserves one more name for a container that is there, for as long as this process lives: after that it counts only
 * if the container's record has it. Throws PodError `conflict` where another one has it.
 */
export function claimName(paths: Paths, id: string, name: string): void {
  const { pid, start } = identify(process.pid);
  const draft = draftDirectory(paths, `claim-${id}`);
  mkdirSync(draft, { mode: 0o700 });
  try {
    reserveName(paths, draft, id, name, `${pid}.${start}`);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

/** The id that has a name. A reservation is taken back that was left by who died while making or renaming a container. */
export function holderOf(paths: Paths, name: string): string | undefined {
  for (const id of entries(join(paths.names, name))) {
    // In this order: a draft that becomes whole in between is seen by the second look.
    const drafted = entries(paths.containers).some((entry) => entry.startsWith(`.${id}.`) && isAlive(entry));
    // The same: who is at work is dead before the record is read, so that it can't change any more.
    if (drafted || isClaimed(paths, name, id) || readRecord(paths, id)?.name === name) return id;
    releaseName(paths, name, id);
  }
  return undefined;
}

/** Whether a name is on its way to a container: its reservation names who is at work. */
function isClaimed(paths: Paths, name: string, id: string): boolean {
  try {
    const [pid, start = ''] = readFileSync(reservation(paths, name, id), 'utf8').split('.');
    return isSameProcess({ pid: Number(pid), start });
  } catch {
    return false;
  }
}

function entries(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw error;
  }
}

function isAlive(draft: string): boolean {
  const [, , pid, start] = draft.split('.');
  return isSameProcess({ pid: Number(pid), start: start ?? '' });
}

export function releaseName(paths: Paths, name: string, id: string): void {
  rmSync(reservation(paths, name, id), { force: true });
  try {
    rmdirSync(join(paths.names, name));
  } catch {
    // Somebody has it again, or has removed it.
  }
}

export function listIds(paths: Paths): string[] {
  return entries(paths.containers).filter((name) => ID.test(name));
}

/** undefined: removed meanwhile. */
export function readRecord(paths: Paths, id: string): ContainerRecord | undefined {
  return readJson(join(containerDirectory(paths, id), 'container.json')) as ContainerRecord | undefined;
}

export function readSpec(paths: Paths, id: string): OciSpec | undefined {
  return readJson(join(containerDirectory(paths, id), 'config.json')) as OciSpec | undefined;
}

function readJson(file: string): unknown {
  try {
    return parseExact(readFileSync(file, 'utf8'));
  } catch (cause) {
    if (errnoOf(cause) === 'ENOENT') return undefined;
    throw new PodError({
      code: 'invalid',
      message: `cannot read ${file}`,
      why: (cause as Error).message,
      cause,
    });
  }
}

/** The container of a name, an id, or an id's beginning that only one has. */
export function findContainer(paths: Paths, wish: string): ContainerRecord {
  const byName = isName(wish) ? holderOf(paths, wish) : undefined;
  const record = byName && readRecord(paths, byName);
  if (record) return record;
  const matches = /^[0-9a-f]+$/.test(wish) ? listIds(paths).filter((id) => id.startsWith(wish)) : [];
  if (matches.length > 1) {
    throw new PodError({
      code: 'conflict',
      message: `${wish} is the beginning of ${matches.length} container ids`,
      hint: 'give more digits, or the name',
    });
  }
  const found = matches[0] && readRecord(paths, matches[0]);
  if (found) return found;
  throw new PodError({
    code: 'not-found',
    message: `no such container: ${wish}`,
    hint: 'tsc-pod ps -a   # lists all containers',
  });
}
