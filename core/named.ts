import {
  closeSync,
  existsSync,
  fdatasyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { parseExact } from '../rootless/seccomp/exact-json.ts';
import { checkName, isName, newId, randomName } from './container/name.ts';
import { identify, isSameProcess } from './container/process-identity.ts';
import { errnoOf, naming, PodError } from './error.ts';
import { namesIn } from './names-in.ts';
import type { Paths } from './paths.ts';
import { release, reserve } from './reservation.ts';
import { writeFile } from './write-file.ts';

/**
 * What has a name and an id: containers and pods, whose names differ from each other's.
 *
 * <kind>s/<id>/ is complete from the moment it has that name: it is made as <kind>s/.<id>.<pid>.<start>, and renamed.
 * names/<name>/<id> reserves a name for an id (reservation.ts).
 */

export type NamedKind = 'container' | 'pod';

const HOMES = { container: 'containers', pod: 'pods' } as const;
/** The file that tells the name. */
const RECORDS = { container: 'container.json', pod: 'pod.json' } as const;
export const NAMED_KINDS: readonly NamedKind[] = ['container', 'pod'];
const ID = /^[0-9a-f]{64}$/;

/** One that is being made: its directory has everything but its final name. */
export interface Draft {
  kind: NamedKind;
  id: string;
  name: string;
  directory: string;
}

export function directoryOf(paths: Paths, kind: NamedKind, id: string): string {
  return join(paths[HOMES[kind]], id);
}

function draftDirectory(paths: Paths, kind: NamedKind, id: string): string {
  const { pid, start } = identify(process.pid);
  return directoryOf(paths, kind, `.${id}.${pid}.${start}`);
}

/** Makes the directory and reserves the name: the wished one, or a random one that is free. Throws PodError `conflict`. */
export function beginDraft(paths: Paths, kind: NamedKind, wish: string | undefined): Draft {
  for (const path of [paths[HOMES[kind]], paths.names, paths.trash])
    mkdirSync(path, { recursive: true, mode: 0o700 });
  const id = newId();
  const directory = draftDirectory(paths, kind, id);
  mkdirSync(directory, { mode: 0o700 });
  try {
    return { kind, id, directory, name: reserveName(paths, { kind, directory, id, wish }) };
  } catch (error) {
    rmSync(directory, { recursive: true, force: true });
    throw error;
  }
}

/** Makes it visible. */
export function commitDraft(paths: Paths, { kind, id, directory }: Draft): void {
  renameSync(directory, directoryOf(paths, kind, id));
}

export function abandonDraft(paths: Paths, { directory, name, id }: Draft): void {
  try {
    rmSync(directory, { recursive: true, force: true });
  } catch {
    // A copied root has files of other owners: left for collectLeftovers, once this process has ended.
  }
  releaseName(paths, name, id);
}

/** A new file; durable: a power cut can't empty it. */
export function writeNew(file: string, text: string, durable: boolean): void {
  const fd = openSync(file, 'wx', 0o600);
  try {
    naming(file, () => {
      writeFileSync(fd, text);
      if (durable) fdatasyncSync(fd);
    });
  } finally {
    closeSync(fd);
  }
}

interface Wish {
  kind: NamedKind;
  /** Where the reservation is made. */
  directory: string;
  id: string;
  wish: string | undefined;
  claim?: string;
}

function reserveName(paths: Paths, { kind, directory, id, wish, claim = '' }: Wish): string {
  const made = join(directory, 'name');
  mkdirSync(made, { mode: 0o700 });
  writeFile(join(made, id), claim);
  for (let attempt = 0; ; attempt++) {
    const name = wish === undefined ? randomName(attempt) : checkName(kind, wish);
    if (reserve(made, join(paths.names, name))) return name;
    const holder = holderOf(paths, name);
    if (holder === undefined || wish === undefined) continue;
    const other = NAMED_KINDS.find((one) => hasName(paths, one, holder, name)) ?? kind;
    throw new PodError({
      code: 'conflict',
      message: `the name ${JSON.stringify(name)} is taken`,
      why: `${other} ${holder.slice(0, 12)} has it`,
      hint: `tsc-pod ${other === 'pod' ? 'pod rm' : 'rm'} ${name}   # or choose another name`,
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
  const directory = draftDirectory(paths, 'container', `claim-${id}`);
  mkdirSync(directory, { mode: 0o700 });
  try {
    reserveName(paths, { kind: 'container', directory, id, wish: name, claim: `${pid}.${start}` });
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/**
 * The id that has a name. A reservation is taken back that was left by who died while making or renaming what has it.
 * What can't be a name has no holder: `../x` would lead to files that are nobody's reservation, and be taken back.
 */
export function holderOf(paths: Paths, name: string): string | undefined {
  for (const id of reservedFor(paths, name)) {
    // In this order: a draft that becomes whole in between is seen by the second look.
    const drafted = NAMED_KINDS.some((kind) => isDrafted(paths, kind, id));
    // The same: who is at work is dead before the record is read, so that it can't change any more.
    if (drafted || isClaimed(paths, name, id) || NAMED_KINDS.some((kind) => hasName(paths, kind, id, name)))
      return id;
    releaseName(paths, name, id);
  }
  return undefined;
}

/** Whether somebody is at work on making one of that id. */
function isDrafted(paths: Paths, kind: NamedKind, id: string): boolean {
  return namesIn(paths[HOMES[kind]]).some((entry) => entry.startsWith(`.${id}.`) && isAlive(entry));
}

/** Whether there is a container of that id, or will be. */
export function isContainer(paths: Paths, id: string): boolean {
  // In this order: a draft that becomes whole in between is seen by the second look.
  return isDrafted(paths, 'container', id) || existsSync(directoryOf(paths, 'container', id));
}

/** What is damaged keeps the name that is reserved for it, by which it can be removed. */
function hasName(paths: Paths, kind: NamedKind, id: string, name: string): boolean {
  const file = join(directoryOf(paths, kind, id), RECORDS[kind]);
  try {
    const record = readJson(file) as { name?: unknown } | null | undefined;
    if (record === undefined) return false;
    return typeof record?.name !== 'string' || record.name === name;
  } catch (error) {
    if (error instanceof PodError && error.code === 'invalid') return true;
    throw error;
  }
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

function isAlive(draft: string): boolean {
  const [, , pid, start] = draft.split('.');
  return isSameProcess({ pid: Number(pid), start: start ?? '' });
}

export function releaseName(paths: Paths, name: string, id: string): void {
  release(join(paths.names, name), id);
}

/** Who lists all of a kind is told of what is there but can't be read. */
export type TellDamaged = (id: string, error: PodError) => void;

/** What `read` gives; undefined for what is damaged. */
export function unlessDamaged<T>(
  id: string,
  read: (id: string) => T | undefined,
  tell: TellDamaged,
): T | undefined {
  try {
    return read(id);
  } catch (error) {
    if (!(error instanceof PodError) || error.code !== 'invalid') throw error;
    tell(id, error);
    return undefined;
  }
}

export function listIdsOf(paths: Paths, kind: NamedKind): string[] {
  return namesIn(paths[HOMES[kind]]).filter((name) => ID.test(name));
}

/** What a double can't hold has sixteen digits at least; all else needs no look at each value, which `ps` would feel. */
const LONG = /[:,[]\s*-?\d{16}/;

/** undefined: there is no such file. */
export function readJson(file: string): unknown {
  try {
    const text = readFileSync(file, 'utf8');
    return LONG.test(text) ? parseExact(text) : JSON.parse(text);
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

/**
 * What `read` gives for the id that has a name, or for an id's beginning that only one of the kind has; undefined: none.
 * That a name is reserved isn't enough: for one that is being made or renamed, or is gone.
 */
export function findRecord<T extends { readonly name: string }>(
  paths: Paths,
  kind: NamedKind,
  wish: string,
  read: (id: string) => T | undefined,
): T | undefined {
  for (const id of reservedFor(paths, wish)) {
    const record = read(id);
    if (record?.name === wish) return record;
  }
  const id = idBeginningWith(paths, kind, wish);
  return id === undefined ? undefined : read(id);
}

/** The same id, also of one whose record can't be read. */
export function findId(paths: Paths, kind: NamedKind, wish: string): string | undefined {
  return (
    reservedFor(paths, wish).find((id) => hasName(paths, kind, id, wish)) ??
    idBeginningWith(paths, kind, wish)
  );
}

function reservedFor(paths: Paths, name: string): string[] {
  return isName(name) ? namesIn(join(paths.names, name)) : [];
}

function idBeginningWith(paths: Paths, kind: NamedKind, wish: string): string | undefined {
  const matches = /^[0-9a-f]+$/.test(wish) ? listIdsOf(paths, kind).filter((id) => id.startsWith(wish)) : [];
  if (matches.length > 1)
    throw new PodError({
      code: 'conflict',
      message: `${wish} is the beginning of ${matches.length} ${kind} ids`,
      hint: 'give more digits, or the name',
    });
  return matches[0];
}
