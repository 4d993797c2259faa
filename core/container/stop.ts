import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { errnoOf, PodError } from '../error.ts';
import { monotonicNow } from '../host/monotonic.ts';
import type { Paths } from '../paths.ts';
import { discardContainer, isLost } from './discard.ts';
import { emitContainerEvent } from './events.ts';
import { continueHolders, continueStopped } from './namespaces/continue-holders.ts';
import { endOrphan } from './orphans.ts';
import { resume } from './pause.ts';
import { isSameProcess, type ProcessIdentity, signalProcess } from './process-identity.ts';
import type { ContainerRecord } from './record.ts';
import { removeTrees } from './remove-tree.ts';
import { signalNumber } from './signals.ts';
import { mayRestart } from './start-mode.ts';
import { type ContainerState, containerState, isUp } from './state.ts';
import { runtimeDirectory } from './store.ts';

const SIGKILL = 9;
const SIGCONT = 18;
const LOOK_MOST_MS = 20;
/** After so long without an end somebody may hold it up. */
const HELD_MS = 300;

export interface StopOptions {
  /** Seconds before SIGKILL, -1: no limit; the container's own unless told. 0: SIGKILL at once. */
  timeout?: number | undefined;
  /** Another than the container's stop signal. */
  signal?: string | undefined;
}

/** Milliseconds that those who read its output have for the rest of it before they are hurried. */
const READERS_MS = 1000;

/**
 * Sends the container's stop signal and, some time later, SIGKILL; returns when it has ended and its monitor has
 * written down how. Its restart policy doesn't start it again. One that doesn't run is fine.
 */
export async function stopContainer(
  paths: Paths,
  record: ContainerRecord,
  options: StopOptions = {},
): Promise<void> {
  const timeout = options.timeout ?? record.stopTimeout;
  const asked = signalNumber(options.signal ?? record.stopSignal);
  const number = timeout === 0 && options.signal === undefined ? SIGKILL : asked;
  const runtime = runtimeDirectory(paths, record.id);
  const state = forbidRestart(paths, record);
  if (!isUp(state.status)) return;
  if (state.status === 'restarting') {
    signalProcess(state.monitor, SIGCONT); // it looks whether it may start it
    await end(state.monitor, runtime);
  } else {
    emitContainerEvent(paths, record, 'kill', { signal: String(number) });
    signalProcess(state.process, number);
    if (state.status === 'paused') resume(paths, record); // a stopped process gets its signal when it goes on
    if (!(await end(state.process, runtime, timeout < 0 ? Number.POSITIVE_INFINITY : timeout * 1000))) {
      signalProcess(state.process, SIGKILL);
      await end(state.process, runtime);
    }
    if (state.monitor) continueStopped(state.monitor.pid);
    if (!(await end(state.monitor, runtime, READERS_MS))) {
      tellStopped(paths, record); // then it waits no longer for who doesn't read the rest of the output
      await end(state.monitor, runtime);
    }
  }
  emitContainerEvent(paths, record, 'stop');
  if (endOrphan(runtime)) removeLost(paths, record);
}

/** One made with --rm, which its monitor would have removed. */
function removeLost(paths: Paths, record: ContainerRecord): void {
  if (isLost(record, containerState(paths, record))) removeTrees(discardContainer(paths, record) ?? []);
}

/** Sends one signal, by name or number, and doesn't wait. A paused container goes on with it, as docker's does. */
export function killContainer(paths: Paths, record: ContainerRecord, signal: string): void {
  const number = signalNumber(signal);
  const final = number === SIGKILL || number === signalNumber(record.stopSignal);
  let state = containerState(paths, record);
  if (isUp(state.status) && final) state = forbidRestart(paths, record);
  if (!isUp(state.status) || (state.status === 'restarting' && !final)) {
    throw new PodError({
      code: 'conflict',
      message: `cannot kill ${record.name}`,
      why: isUp(state.status) ? `it is ${state.status}` : 'it is not running',
      hint: 'tsc-pod ps -a   # shows what containers are doing',
    });
  }
  if (state.status === 'restarting') signalProcess(state.monitor, SIGCONT);
  else signalProcess(state.process, number);
  emitContainerEvent(paths, record, 'kill', { signal: String(number) });
  if (state.status === 'paused') resume(paths, record);
}

/**
 * RUNTIME/stopped: the monitor doesn't start the container anew. It looks after it has written that it starts it, and
 * this reads what is written after the file is there: so one of both sees the other.
 */
function forbidRestart(paths: Paths, record: ContainerRecord): ContainerState {
  const state = containerState(paths, record);
  if (!isUp(state.status) || !mayRestart(record)) return state;
  tellStopped(paths, record);
  return containerState(paths, record);
}

function tellStopped(paths: Paths, record: ContainerRecord): void {
  try {
    writeFileSync(join(runtimeDirectory(paths, record.id), 'stopped'), '');
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
  }
}

/** Waits, for milliseconds, until the process has ended. A child of another process can only be looked at. */
async function end(
  target: ProcessIdentity | undefined,
  runtime: string,
  limit = Number.POSITIVE_INFINITY,
): Promise<boolean> {
  const late = monotonicNow() + limit;
  let looked = monotonicNow();
  for (let wait = 1; target && isSameProcess(target); wait = Math.min(wait * 1.25, LOOK_MOST_MS)) {
    const now = monotonicNow();
    if (now >= late) return false;
    if (now - looked > HELD_MS) {
      continueHolders(target, runtime);
      looked = now;
    }
    await delay(Math.min(wait, late - now));
  }
  return true;
}
