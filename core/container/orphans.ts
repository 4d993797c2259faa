import { closeSync, constants, openSync, readFileSync, rmdirSync, writeSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { namesIn } from '../names-in.ts';
import type { Paths } from '../paths.ts';
import { bootId, isSameProcess, signalProcess } from './process-identity.ts';
import { readRunning } from './state.ts';

/**
 * What a monitor that was killed has left: the kernel kills the container's first process with it, unless that has changed
 * its user since (prctl(2), PR_SET_PDEATHSIG), and others only with their pid namespace. Ends all of it, by the cgroup
 * (RUNTIME/cgroup) where there is one; without one, what shares the process ids of others goes on.
 * `runtime`: the container's runtime directory. False: it has its monitor, or has ended as it should.
 */
export function endOrphan(runtime: string, boot: string = bootId()): boolean {
  const running = readRunning(runtime, boot);
  if (!running || isSameProcess(running.monitor)) return false;
  const { process: first } = running;
  if (first.pid > 0) attempt(() => signalProcess(first, 'SIGKILL'));
  endGroup(runtime);
  return true;
}

/** The same for all: what collects leftovers does it. */
export function endOrphans(paths: Paths): void {
  const boot = bootId();
  for (const name of namesIn(paths.runtime))
    if (/^[0-9a-f]{16}$/.test(name)) endOrphan(join(paths.runtime, name), boot);
}

/** Its processes need a moment to end: a group that isn't empty yet goes the next time. A scope goes by itself. */
function endGroup(runtime: string): void {
  const group = attempt(() => readFileSync(join(runtime, 'cgroup'), 'utf8').trim());
  if (!group || basename(group) !== 'container') return;
  const base = dirname(group);
  attempt(() => endAllIn(group));
  attempt(() => rmdirSync(group));
  if (!/^tsc-pod-[0-9a-f]{64}$/.test(basename(base))) return;
  attempt(() => rmdirSync(join(base, 'monitor')));
  attempt(() => rmdirSync(base));
}

/** Linux 5.14. The file can only be written. */
function endAllIn(group: string): void {
  const file = openSync(join(group, 'cgroup.kill'), constants.O_WRONLY);
  try {
    writeSync(file, '1');
  } finally {
    closeSync(file);
  }
}

/** It may have ended meanwhile, and others do the same. */
function attempt<Value>(action: () => Value): Value | undefined {
  try {
    return action();
  } catch {
    return undefined;
  }
}
