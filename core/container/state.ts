import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf } from '../error.ts';
import type { Paths } from '../paths.ts';
import { bootId, isSameProcess, type ProcessIdentity } from './process-identity.ts';
import type { ContainerRecord } from './record.ts';
import { containerDirectory, runtimeDirectory } from './store.ts';

/**
 * What a container is doing is never stored: it runs if the process that its runtime directory names is alive; else
 * it has ended if it ever started. rootless/native/record.h says what the monitor writes.
 */
export type Status = 'created' | 'running' | 'paused' | 'exited';

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
  /** Why it did not start, or how it ended without its monitor. */
  error: string;
}

interface Exit {
  exitCode: number;
  oomKilled: boolean;
  startedAt: number;
  finishedAt: number;
  error: string;
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
  process: ProcessIdentity;
  monitor: ProcessIdentity;
  startedAt: number;
}

function readRunning(directory: string): Running | undefined {
  const [pid, start, monitor, monitorStart, startedAt, ofBoot] =
    read(join(directory, 'state'))?.trim().split(' ') ?? [];
  if (!pid || !start || ofBoot !== bootId()) return undefined;
  return {
    process: { pid: Number(pid), start },
    monitor: { pid: Number(monitor), start: monitorStart ?? '' },
    startedAt: Number(startedAt),
  };
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

function stateOfRunning({ process, monitor, startedAt }: Running): ContainerState {
  return {
    status: 'running',
    pid: process.pid,
    process,
    monitor,
    exitCode: 0,
    oomKilled: false,
    startedAt,
    finishedAt: 0,
    error: '',
  };
}

export function containerState(paths: Paths, record: Pick<ContainerRecord, 'id'>): ContainerState {
  const directory = containerDirectory(paths, record.id);
  const running = readRunning(runtimeDirectory(paths, record.id));
  const ended = { pid: 0, process: undefined, monitor: running?.monitor };
  if (running && isSameProcess(running.process)) return stateOfRunning(running);
  // The monitor drains the output before it writes down the end. It is looked for first: dead, it has written what it ever will.
  const ending = running && isSameProcess(running.monitor);
  const exit = readExit(directory);
  const startedAt = running?.startedAt || Number(read(join(directory, 'started'))) || 0;
  if (exit && exit.startedAt >= startedAt) {
    const { exitCode, oomKilled, finishedAt, error } = exit;
    const status = exit.startedAt > 0 ? 'exited' : 'created';
    return { status, ...ended, exitCode, oomKilled, finishedAt, error, startedAt: exit.startedAt };
  }
  if (ending) return stateOfRunning(running);
  const started = startedAt || aboutWhenStarted(directory);
  if (started > 0) return { status: 'exited', ...ended, ...LOST, startedAt: started };
  return {
    status: 'created',
    ...ended,
    exitCode: 0,
    oomKilled: false,
    startedAt: 0,
    finishedAt: 0,
    error: '',
  };
}
