import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ProcessIdentity } from '../process-identity.ts';
import { allPids, readStat } from '../processes.ts';

/**
 * A container ends when all its processes have been waited for, pid_namespaces(7), and those of an `exec` are waited for
 * by the `exec` itself: one that was stopped (SIGSTOP) would hold the end up for as long. So it goes on. Does nothing
 * while the container's process still runs.
 * `first`: the container's first process. `runtime`: the container's runtime directory.
 */
export function continueHolders(first: ProcessIdentity, runtime: string): void {
  if (!readStat(first.pid)?.exiting) return;
  for (const pid of allPids()) if (isExecOf(pid, runtime)) continueStopped(pid);
}

/** One that isn't stopped, is another user's, or gone, stays as it is. */
export function continueStopped(pid: number): void {
  if (readStat(pid)?.state !== 'T') return;
  try {
    process.kill(pid, 'SIGCONT');
  } catch {
    // its number may be another's by now
  }
}

/** The launcher's command line ends with its plan's file. */
function isExecOf(pid: number, runtime: string): boolean {
  try {
    const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    return words.some((word) => word.startsWith(join(runtime, 'exec-')));
  } catch {
    return false;
  }
}
