import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf } from '../error.ts';
import type { Paths } from '../paths.ts';
import { readPauseMark } from './pause-mark.ts';
import { bootId, isSameProcess, type ProcessIdentity } from './process-identity.ts';
import type { ContainerRecord } from './record.ts';
import { containerDirectory, runtimeDirectory } from './store.ts';

/**
 * What a container is doing is never stored: it runs if the process that its runtime directory names is alive; else
 * it has ended if it ever started. rootless/native/record.h says what the monitor writes.
 */
export type Status = 'created' | 'running' | 'paused' | 'restarting' | 'exited';

/** Whether a monitor is with it: it runs, or will run again by itself. */
export function isUp(status: Status): boolean {
  return status === 'running' || status === 'paused' || status === 'restarting';
}

export interface ContainerState {
  status: Status;
  /** Of the container's first process, as the host sees it; 0 when it doesn't run. */
  pid: number;
  process: ProcessIdentity | undefined;
  monitor: ProcessIdentity | undefined;
  exitCode: number;
  oomKilled: boolean;
  /** Seconds since the epoch; 0: never. */
  startedAt: number;
  finishedAt: number;
  /** How often its restart policy has started it anew since it was last started by hand. */
  restarts: number;
  /** It was ended by `stop` or `kill`. */
  stopped: boolean;
  /** Why it did not start, or how it ended without its monitor. */
  error: string;
}

interface Exit {
  exitCode: number;
  oomKilled: boolean;
  startedAt: number;
  finishedAt: number;
  error: string;
  restarts?: number;
  stopped?: boolean;
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

interface Running {
  /** Number 0: it has ended, and waits to be started anew. */
  process: ProcessIdentity;
  monitor: ProcessIdentity;
  startedAt: number;
  restarts: number;
}

function readState(runtime: string): string | undefined {
  return read(join(runtime, 'state'));
}

function parseState(text: string | undefined, boot: string): Running | undefined {
  const [pid, start, monitor, monitorStart, startedAt, ofBoot, restarts] = text?.trim().split(' ') ?? [];
  if (!pid || !start || ofBoot !== boot) return undefined;
  return {
    process: { pid: Number(pid), start },
    monitor: { pid: Number(monitor), start: monitorStart ?? '' },
    startedAt: Number(startedAt),
    restarts: Number(restarts) || 0,
  };
}

/** What a monitor has written into its runtime directory since the last boot. */
export function readRunning(runtime: string, boot: string = bootId()): Running | undefined {
  return parseState(readState(runtime), boot);
}

/** An end that nobody recorded: a power cut, a reboot, `kill -9` of the monitor (which takes the container with it). */
const LOST: Omit<Exit, 'startedAt'> = {
  exitCode: 137,
  oomKilled: false,
  finishedAt: 0,
  error: 'it was killed together with its monitor, or the machine went down: its exit code is not known',
};

/** How it ended; undefined when nobody has written that down. */
function readExit(directory: string): Exit | undefined {
  try {
    return JSON.parse(read(join(directory, 'exit')) ?? '');
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** A power cut may have left the file that says when it started without its text. */
function aboutWhenStarted(directory: string): number {
  return (statSync(join(directory, 'started'), { throwIfNoEntry: false })?.mtimeMs ?? 0) / 1000;
}

const NOTHING: ContainerState = {
  status: 'created',
  pid: 0,
  process: undefined,
  monitor: undefined,
  exitCode: 0,
  oomKilled: false,
  startedAt: 0,
  finishedAt: 0,
  restarts: 0,
  stopped: false,
  error: '',
};

function stateOfRunning({ process, monitor, startedAt, restarts }: Running): ContainerState {
  return { ...NOTHING, status: 'running', pid: process.pid, process, monitor, startedAt, restarts };
}

/** `boot`: for who asks about many containers. */
export function containerState(
  paths: Paths,
  record: Pick<ContainerRecord, 'id'>,
  boot: string = bootId(),
): ContainerState {
  const directory = containerDirectory(paths, record.id);
  const runtime = runtimeDirectory(paths, record.id);
  for (let text = readState(runtime), again: typeof text; ; text = again) {
    const running = parseState(text, boot);
    if (running && isSameProcess(running.process)) {
      const paused = readPauseMark(runtime, running.process);
      return { ...stateOfRunning(running), status: paused ? 'paused' : 'running' };
    }
    const state = stateWithoutProcess(directory, running);
    // Meanwhile it may have ended to be started anew, or been started: then the files are of different moments.
    again = readState(runtime);
    if (again === text) return state;
  }
}

function stateWithoutProcess(directory: string, running: Running | undefined): ContainerState {
  // The monitor drains the output before it writes down the end. It is looked for first: dead, it has written what it ever will.
  const ending = running && isSameProcess(running.monitor);
  const startedAt = running?.startedAt || Number(read(join(directory, 'started'))) || 0;
  const exit = readExit(directory);
  const ended = { ...NOTHING, monitor: running?.monitor, restarts: running?.restarts ?? exit?.restarts ?? 0 };
  if (ending && running.process.pid === 0) return { ...ended, ...exit, status: 'restarting' };
  if (exit && exit.startedAt >= startedAt)
    return { ...ended, ...exit, status: exit.startedAt > 0 ? 'exited' : 'created' };
  if (ending) return stateOfRunning(running);
  const started = startedAt || aboutWhenStarted(directory);
  return started > 0 ? { ...ended, ...LOST, status: 'exited', startedAt: started } : ended;
}
