import { existsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { freeze, isFrozen } from '../../rootless/cgroup/control.ts';
import type { CgroupFacts } from '../../rootless/cgroup/facts.ts';
import { delegationFix } from '../../rootless/cgroup/plan.ts';
import { runLauncher } from '../../rootless/launcher.ts';
import { PodError } from '../error.ts';
import { monotonicNow } from '../host/monotonic.ts';
import { launcherPath } from '../launcher.ts';
import type { Paths } from '../paths.ts';
import { emitContainerEvent } from './events.ts';
import { ownGroup } from './own-group.ts';
import { type PauseMark, readPauseMark, removePauseMark, writePauseMark } from './pause-mark.ts';
import { type ProcessIdentity, signalProcess } from './process-identity.ts';
import { ownsPids, processesOf, readStat } from './processes.ts';
import type { ContainerRecord } from './record.ts';
import { type ContainerState, containerState } from './state.ts';
import { runtimeDirectory } from './store.ts';

/** Milliseconds that all processes have to come to a standstill: one that waits for a disk can't before. */
const PATIENCE = 10_000;
const SIGSTOP = 19;
const SIGCONT = 18;

/**
 * Stops all processes of a running container: by the freezer of its cgroup, else by SIGSTOP to everything in its pid
 * namespace. Those that were stopped already are remembered, and stay so when it goes on. All or nothing.
 */
export async function pauseContainer(
  paths: Paths,
  record: ContainerRecord,
  cgroups: CgroupFacts,
): Promise<void> {
  const state = containerState(paths, record);
  if (state.status === 'paused') throw refused(record, 'pause', 'it is paused already');
  if (state.status !== 'running') throw refused(record, 'pause', `it is ${state.status}`);
  const first = state.process!;
  const runtime = runtimeDirectory(paths, record.id);
  const group = ownGroup(cgroups.mount, record.id, first);
  if (!group && !ownsPids(first.pid)) throw sharesPids(record, cgroups);
  const mark: PauseMark = { process: first, group, stopped: group ? [] : alreadyStopped(first) };
  writePauseMark(runtime, mark);
  try {
    if (group) freeze(group, true);
    else signalAll(first, SIGSTOP);
    await standstill(record, () => (group ? isFrozen(group) : allStopped(first.pid)));
  } catch (error) {
    goOn(mark);
    removePauseMark(runtime);
    throw error;
  }
  emitContainerEvent(paths, record, 'pause');
}

/** Lets a paused container go on; `conflict` for one that isn't paused. */
export function resumeContainer(paths: Paths, record: ContainerRecord): void {
  if (!resume(paths, record)) throw refused(record, 'unpause', 'it is not paused');
}

/** As resumeContainer, for what ends a container that may be paused: false where there was nothing to do. */
export function resume(paths: Paths, record: ContainerRecord): boolean {
  const { process, status } = containerState(paths, record);
  const runtime = runtimeDirectory(paths, record.id);
  const mark = status === 'paused' && process ? readPauseMark(runtime, process) : undefined;
  if (!mark) return false;
  goOn(mark);
  removePauseMark(runtime);
  emitContainerEvent(paths, record, 'unpause');
  return true;
}

/** Refuses what can't be done in a paused container, in docker's words. */
export function refusePaused(state: ContainerState, record: ContainerRecord, verb: string): void {
  if (state.status !== 'paused') return;
  throw new PodError({
    code: 'conflict',
    message: `cannot ${verb} ${record.name}`,
    why: 'it is paused',
    hint: `tsc-pod unpause ${record.name}`,
  });
}

/**
 * A process that is stopped can't start any, so nothing escapes: the children go first, so that a shell which waits for
 * them doesn't find them stopped; then whoever was missed, where nobody has to be left out.
 */
function goOn({ process: first, group, stopped }: PauseMark): void {
  if (group) {
    try {
      freeze(group, false);
    } catch (error) {
      if (existsSync(group)) throw error; // gone: a signal has ended the container
    }
    return;
  }
  const out = new Set(stopped.map(({ pid, start }) => `${pid} ${start}`));
  for (const pid of [...(processesOf([first.pid]).get(first.pid) ?? [])].reverse()) {
    const stat = readStat(pid);
    if (!out.has(`${pid} ${stat?.start}`)) signalProcess(stat, SIGCONT);
  }
  if (out.size === 0) signalAll(first, SIGCONT);
}

function signalAll({ pid, start }: ProcessIdentity, number: number): void {
  runLauncher(launcherPath(), 'signal', [
    ['target', String(pid), start],
    ['signal', String(number)],
  ]);
}

function alreadyStopped(first: ProcessIdentity): ProcessIdentity[] {
  const stats = (processesOf([first.pid]).get(first.pid) ?? []).map(readStat);
  return stats.flatMap((stat) => (stat?.state === 'T' ? [{ pid: stat.pid, start: stat.start }] : []));
}

/** D: it waits for a device, or for a child that is stopped before its exec, vfork(2); it runs no instruction. */
function allStopped(first: number): boolean {
  const states = (processesOf([first]).get(first) ?? []).map((pid) => readStat(pid)?.state ?? 'X');
  return states.every((state) => 'TtZXD'.includes(state));
}

async function standstill(record: Pick<ContainerRecord, 'name'>, reached: () => boolean): Promise<void> {
  const end = monotonicNow() + PATIENCE;
  for (let wait = 1; !reached(); wait = Math.min(wait * 2, 50)) {
    if (monotonicNow() > end)
      throw refused(record, 'pause', `its processes did not come to a standstill in ${PATIENCE / 1000} s`);
    await delay(wait);
  }
}

function refused({ name }: Pick<ContainerRecord, 'name'>, verb: string, why: string): PodError {
  return new PodError({ code: 'conflict', message: `cannot ${verb} ${name}`, why });
}

function sharesPids({ name }: Pick<ContainerRecord, 'name'>, cgroups: CgroupFacts): PodError {
  return new PodError({
    code: 'unsupported',
    message: `cannot pause ${name}`,
    why: 'it has no cgroup, and shares its process ids with others',
    hint: delegationFix(cgroups, 'pids'),
  });
}
