import { readFileSync } from 'node:fs';
import { errnoOf } from '../error.ts';

/** A process that can't be mistaken for a later one with its number. `start`: clock ticks since boot, proc_pid_stat(5) field 22. */
export interface ProcessIdentity {
  pid: number;
  start: string;
}

/** Another after each start of the machine, random(4). */
export function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}

function statFields(pid: number): string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}

export function identify(pid: number): ProcessIdentity {
  return { pid, start: statFields(pid)?.[19] ?? '' };
}

/** Whether that very process is still there, and not only as a zombie. */
export function isSameProcess(identity: ProcessIdentity): boolean {
  if (!identity.start) return false;
  const fields = statFields(identity.pid);
  return fields?.[19] === identity.start && fields[0] !== 'Z' && fields[0] !== 'X';
}

/** To that very process; one that has ended, even between a look and the signal, gets none. */
export function signalProcess(identity: ProcessIdentity | undefined, signal: NodeJS.Signals | number): void {
  if (!identity || !isSameProcess(identity)) return;
  try {
    process.kill(identity.pid, signal);
  } catch (error) {
    if (errnoOf(error) !== 'ESRCH') throw error;
  }
}
