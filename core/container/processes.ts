import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { identify, type ProcessIdentity } from './process-identity.ts';

/** proc_pid_stat(5), as far as anybody here asks. Times in clock ticks (1/100 s), sizes in pages. */
export interface ProcessStat extends ProcessIdentity {
  command: string;
  state: string;
  parent: number;
  group: number;
  session: number;
  terminal: number;
  /** It has ended but for what it must wait for: PF_EXITING, include/linux/sched.h. */
  exiting: boolean;
  userTicks: number;
  systemTicks: number;
  /** Of children that have ended and were waited for. */
  childTicks: number;
  /** 1 second is 100. */
  startTicks: number;
  priority: number;
  nice: number;
  threads: number;
  virtualBytes: number;
  residentPages: number;
}

/** undefined: it is gone. */
export function readStat(pid: number): ProcessStat | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined;
  }
  const open = text.indexOf('(');
  const close = text.lastIndexOf(')');
  const field = text.slice(close + 2).split(' ');
  const number = (index: number) => Number(field[index - 3]); // numbered as in the manual page
  return {
    pid,
    start: field[19] ?? '',
    command: text.slice(open + 1, close),
    state: field[0] ?? '',
    parent: number(4),
    group: number(5),
    session: number(6),
    terminal: number(7),
    exiting: (number(9) & 4) !== 0,
    userTicks: number(14),
    systemTicks: number(15),
    childTicks: number(16) + number(17),
    startTicks: number(22),
    priority: number(18),
    nice: number(19),
    threads: number(20),
    virtualBytes: number(23),
    residentPages: number(24),
  };
}

/** Of the machine's processes, in order. */
export function allPids(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .sort((a, b) => a - b);
}

export type NamespaceKind = 'cgroup' | 'ipc' | 'mnt' | 'net' | 'pid' | 'user' | 'uts';

/** What tells a namespace from others, namespaces(7): `pid:[4026531836]`. undefined: the process is gone, or not ours. */
export function namespaceOf(pid: number, kind: NamespaceKind): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/${kind}`);
  } catch {
    return undefined;
  }
}

/**
 * Processes of containers, by the pid of each one's first process. A container that has a pid namespace of its own has
 * all that is in it; one that shares the host's or another's has those of its mount namespace, which is always its own;
 * and what a process of a container has started in namespaces further down belongs to that container too.
 */
export function processesOf(firsts: readonly number[]): Map<number, number[]> {
  const found = new Map<number, number[]>(firsts.map((first) => [first, []]));
  const byPid = new Map<string, number>();
  const byMount = new Map<string, number>();
  for (const first of firsts) {
    const kind = ownsPids(first) ? 'pid' : 'mnt';
    const space = namespaceOf(first, kind);
    if (space) (kind === 'pid' ? byPid : byMount).set(space, first);
  }
  const host = namespaceOf(process.pid, 'pid');
  const owners = new Map<number, number | undefined>([[0, undefined]]);
  const ownerOf = (pid: number): number | undefined => {
    if (owners.has(pid)) return owners.get(pid);
    owners.set(pid, undefined); // numbers that are reused meanwhile must not lead round and round
    const space = namespaceOf(pid, 'pid');
    if (space === undefined || (space === host && byMount.size === 0)) return undefined;
    const mount = byMount.size > 0 ? namespaceOf(pid, 'mnt') : undefined;
    const owner =
      (mount ? byMount.get(mount) : undefined) ?? byPid.get(space) ?? ownerOf(readStat(pid)?.parent ?? 0);
    owners.set(pid, owner);
    return owner;
  };
  for (const pid of allPids()) {
    const owner = ownerOf(pid);
    if (owner !== undefined) found.get(owner)!.push(pid);
  }
  return found;
}

/** Whether a container's first process is process 1 of a pid namespace: then all in it are the container's. */
export function ownsPids(first: number): boolean {
  return innerPid(first) === 1 && namespaceOf(first, 'pid') !== namespaceOf(process.pid, 'pid');
}

/** Its number in its own pid namespace, proc_pid_status(5) NSpid. */
function innerPid(pid: number): number | undefined {
  try {
    return Number(/^NSpid:.*\s(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
  } catch {
    return undefined;
  }
}

/** This user's processes that stand in a directory below `top`, which may be removed already, with the name in `top` that leads to it. */
export function processesBelow(top: string): [ProcessIdentity, string][] {
  const found: [ProcessIdentity, string][] = [];
  const own = process.geteuid!();
  for (const pid of allPids()) {
    try {
      if (statSync(`/proc/${pid}`).uid !== own) continue;
      const cwd = readlinkSync(`/proc/${pid}/cwd`).replace(/ \(deleted\)$/, '');
      if (cwd.startsWith(`${top}/`)) found.push([identify(pid), cwd.slice(top.length + 1).split('/')[0]!]);
    } catch {
      // Gone meanwhile, or not ours to look at.
    }
  }
  return found;
}
