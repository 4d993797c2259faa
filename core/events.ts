import { closeSync, constants, fstatSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { spawnLauncher } from '../rootless/launcher.ts';
import type { Operation } from '../rootless/plan.ts';
import { launcherPath } from './launcher.ts';
import type { Paths } from './paths.ts';

export type EventType = 'container' | 'image' | 'volume' | 'network' | 'pod' | 'secret' | 'system';

/** What happened to what: docker's words, `docker events` reference. */
export interface NewEvent {
  type: EventType;
  /** `create`, `exec_start: sh -c true`, `health_status: healthy` … */
  action: string;
  /** A container's id; an image's id or name; a volume's name. */
  id: string;
  attributes?: Record<string, string | undefined>;
}

/** A log of this many bytes is moved aside, and this many are kept: some 40 000 events. */
const EVENTS_MAX_SIZE = 2 << 20;
export const EVENTS_MAX_FILES = 5;
/** Longer actions and attributes are cut: an event is one write. */
const TEXT_MAX = 2048;
const SUBJECT_MAX = 60_000;

export function eventsFile(paths: Pick<Paths, 'data'>): string {
  return join(paths.data, 'events.jsonl');
}

/** The operation that makes the launcher write events too; `subject` is a file of subjectOf()'s text. */
export function eventsOperation(paths: Pick<Paths, 'data'>, subject: string): Operation {
  return ['events', eventsFile(paths), String(EVENTS_MAX_SIZE), String(EVENTS_MAX_FILES), subject];
}

function cut(text: string): string {
  return text.length > TEXT_MAX ? `${text.slice(0, TEXT_MAX)}…` : text;
}

/**
 * What is the same in every event of an object: the members of a line from `id` to Actor's attributes, whose object is
 * left open. rootless/native/event.c puts time and action before it and further attributes behind.
 */
export function subjectOf({ type, id, attributes = {} }: Omit<NewEvent, 'action'>): string {
  const kept: Record<string, string> = {};
  let left = SUBJECT_MAX;
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined) continue;
    left -= 6 * (key.length + Math.min(value.length, TEXT_MAX)); // an escaped character takes at most six bytes
    if (left > 0) kept[key] = cut(value);
  }
  const object = {
    id,
    ...(kept.image !== undefined && { from: kept.image }),
    scope: 'local',
    Type: type,
    Actor: { ID: id, Attributes: kept },
  };
  return JSON.stringify(object).slice(1, -3);
}

/**
 * Writes one event at the end of the log: one append, never an error, nothing waited for. The line begins with `time`
 * so that a reader finds its beginning even behind a line that a full disk has cut.
 */
export function emitEvent(paths: Pick<Paths, 'data'>, event: NewEvent): void {
  const milliseconds = Date.now();
  const action = JSON.stringify(cut(event.action));
  const head = `"time":${Math.floor(milliseconds / 1000)},"timeNano":${milliseconds}000000,"status":${action},"Action":${action}`;
  append(paths, `{${head},${subjectOf(event)}}}}\n`);
}

function append(paths: Pick<Paths, 'data'>, line: string): void {
  const { O_WRONLY, O_APPEND, O_CREAT, O_NOFOLLOW, O_NONBLOCK } = constants;
  try {
    const fd = openSync(eventsFile(paths), O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o600);
    try {
      writeSync(fd, Buffer.from(line));
      if (fstatSync(fd).size >= EVENTS_MAX_SIZE) rotate(paths);
    } finally {
      closeSync(fd);
    }
  } catch {
    // A full disk, a log that is no file: the event is lost, what it tells of has happened all the same.
  }
}

/** One of many moves it, which takes a lock that only the launcher can hold; nobody waits for that. */
function rotate(paths: Pick<Paths, 'data'>): void {
  const child = spawnLauncher(launcherPath(), 'rotate', [eventsOperation(paths, '')], {
    stdio: 'ignore',
    detached: true,
  });
  child.on('error', () => {});
  child.unref();
}
