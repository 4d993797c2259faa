import { readdirSync, readFileSync } from 'node:fs';
import { sandbox } from '../../test/e2e/harness/sandbox.ts';

function pids(): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && pid !== process.pid);
}

function field(pid: number, file: string, pattern: RegExp): string {
  return pattern.exec(readFileSync(`/proc/${pid}/${file}`, 'utf8'))?.[1] ?? '';
}

/**
 * Proportional set size in kB: shared pages count by their share (proc(5), /proc/pid/smaps_rollup). A process that
 * isn't dumpable, as tsc-pod's monitor, shows only its resident set, which is never less.
 */
function pss(pid: number): number {
  try {
    return Number(field(pid, 'smaps_rollup', /^Pss:\s+(\d+) kB$/m));
  } catch {
    return Number(field(pid, 'status', /^VmRSS:\s+(\d+) kB$/m));
  }
}

/** Whether the process is in a container's pid namespace: NSpid then has more than one number. */
function inContainer(pid: number): boolean {
  return (
    field(pid, 'status', /^NSpid:(.*)$/m)
      .trim()
      .split(/\s+/).length > 1
  );
}

/** Whether its command line names a path of this run: so do conmon's and tsc-pod's monitor's. */
function ofThisRun(pid: number): boolean {
  return readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes(sandbox.dir);
}

/** The PSS in bytes of what `start` leaves running on the host's side, without the container's own processes. */
export async function memoryLeftBy(start: () => Promise<unknown>): Promise<number> {
  const before = new Set(pids());
  await start();
  let sum = 0;
  for (const pid of pids().filter((pid) => !before.has(pid))) {
    try {
      if (ofThisRun(pid) && !inContainer(pid)) sum += pss(pid);
    } catch {
      // It ended while we looked.
    }
  }
  return sum * 1024;
}
