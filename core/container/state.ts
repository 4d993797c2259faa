import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf } from '../error.ts';
import type { Paths } from '../paths.ts';
import { isSameProcess, type ProcessIdentity } from './process-identity.ts';
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

function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
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

export function containerState(paths: Paths, record: Pick<ContainerRecord, 'id'>): ContainerState {
  const directory = containerDirectory(paths, record.id);
  const running = readRunning(runtimeDirectory(paths, record.id));
  const ended = { pid: 0, process: undefined, monitor: running?.monitor };
  if (running && isSameProcess(running.process)) {
    const { process, monitor, startedAt } = running;
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
  const exit = read(join(directory, 'exit'));
  const startedAt = Number(read(join(directory, 'started')) ?? running?.startedAt ?? 0);
  if (exit !== undefined) {
    const { exitCode, oomKilled, finishedAt, error, ...times }: Exit = JSON.parse(exit);
    if (times.startedAt >= startedAt)
      return {
        status: times.startedAt > 0 ? 'exited' : 'created',
        ...ended,
        exitCode,
        oomKilled,
        finishedAt,
        error,
        startedAt,
      };
  }
  if (startedAt > 0) return { status: 'exited', ...ended, ...LOST, startedAt };
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
