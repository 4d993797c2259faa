import { readFileSync } from 'node:fs';
import { uptime } from 'node:os';
import { capabilityNames } from '../../rootless/capabilities.ts';
import { toContainer } from '../../rootless/id-range.ts';
import { PodError } from '../error.ts';
import type { Paths } from '../paths.ts';
import { readFileBelow } from './live-file.ts';
import { type ProcessStat, processesOf, readStat } from './processes.ts';
import type { ContainerRecord } from './record.ts';
import { containerState } from './state.ts';

/** A process of a container. Ids and numbers are the container's own unless they begin with `host`. */
export interface SeenProcess extends Omit<ProcessStat, 'group'> {
  processGroup: number;
  hostPid: number;
  /** 0: it has none in the container. */
  parentPid: number;
  /** Effective and real; undefined where the container has no such id. */
  user: { id: number | undefined; name: string };
  group: { id: number | undefined; name: string };
  realUser: { id: number | undefined; name: string };
  realGroup: { id: number | undefined; name: string };
  hostUser: number;
  hostGroup: number;
  groups: string[];
  hostGroups: number[];
  /** The words of its command line; empty for a kernel thread and for what has ended. */
  args: string[];
  residentBytes: number;
  /** 0 off, 1 strict, 2 filter: proc_pid_status(5). */
  seccomp: number;
  label: string;
  capabilities: Record<'inheritable' | 'permitted' | 'effective' | 'bounding' | 'ambient', Capabilities>;
  /** Milliseconds since the epoch. */
  startedAt: number;
  /** Seconds. */
  elapsed: number;
  cpuSeconds: number;
  /** Of the machine's memory. */
  memoryPercent: number;
}

export type Capabilities = 'none' | 'full' | string[];

/** More of a command line is not shown: a process may have megabytes of it. */
const ARGS_MAX = 64 << 10;

const textOf = (file: string): string => {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
};

/** Fields of /proc/PID/status by their name. */
function statusOf(pid: number): Map<string, string> {
  const lines = textOf(`/proc/${pid}/status`).matchAll(/^(\w+):\t(.*)$/gm);
  return new Map([...lines].map(([, key, value]) => [key!, value!.trim()]));
}

/** Id -> name, of a file like passwd(5). */
function namesOf(text: string | undefined): Map<number, string> {
  const names = new Map<number, string>();
  for (const line of text?.split('\n') ?? []) {
    const [name, , id] = line.split(':');
    if (name && id && /^\d+$/.test(id) && !names.has(Number(id))) names.set(Number(id), name);
  }
  return names;
}

function capabilitiesOf(hex: string | undefined, all: bigint): Capabilities {
  const mask = BigInt(`0x${hex || '0'}`);
  if (mask === 0n) return 'none';
  return (mask & all) === all ? 'full' : capabilityNames(mask).map((name) => name.replace(/^CAP_/, ''));
}

function argsOf(pid: number): string[] {
  return textOf(`/proc/${pid}/cmdline`)
    .slice(0, ARGS_MAX)
    .replace(/\0+$/, '')
    .split('\0')
    .filter((word, index) => index > 0 || word !== '');
}

/** All processes of a running container, process 1 first. Throws PodError `conflict` where it doesn't run. */
export function containerProcesses(paths: Paths, record: ContainerRecord): SeenProcess[] {
  const { process: first } = containerState(paths, record);
  if (!first)
    throw new PodError({
      code: 'conflict',
      message: `cannot show the processes of ${record.name}`,
      why: 'it is not running',
      hint: `tsc-pod start ${record.name}`,
    });
  const root = `/proc/${first.pid}/root`;
  const users = namesOf(readFileBelow(root, '/etc/passwd'));
  const groups = namesOf(readFileBelow(root, '/etc/group'));
  const user = (id: number) => named(toContainer(id, record.maps.uid), users, id);
  const group = (id: number) => named(toContainer(id, record.maps.gid), groups, id);
  const depth = (statusOf(first.pid).get('NSpid') ?? '').split(/\s+/).length - 1;
  const inner = new Map<number, number>();
  const now = Date.now();
  const up = uptime();
  const all = (1n << BigInt(Number(textOf('/proc/sys/kernel/cap_last_cap')) + 1)) - 1n;
  const memory = memoryOfMachine();
  const seen: SeenProcess[] = [];
  for (const pid of processesOf([first.pid]).get(first.pid) ?? []) {
    const stat = readStat(pid);
    const status = statusOf(pid);
    if (!stat || status.size === 0) continue;
    const ids = (key: string) => (status.get(key) ?? '').split(/\s+/).filter(Boolean).map(Number);
    const [uids, gids, hostGroups] = [ids('Uid'), ids('Gid'), ids('Groups')];
    inner.set(pid, ids('NSpid')[depth] ?? 0);
    const elapsed = Math.max(0, up - stat.startTicks / 100);
    const residentBytes = stat.residentPages * 4096;
    seen.push({
      ...stat,
      processGroup: stat.group,
      hostPid: pid,
      pid: inner.get(pid)!,
      parentPid: stat.parent,
      user: user(uids[1] ?? -1),
      group: group(gids[1] ?? -1),
      realUser: user(uids[0] ?? -1),
      realGroup: group(gids[0] ?? -1),
      hostUser: uids[1] ?? -1,
      hostGroup: gids[1] ?? -1,
      groups: hostGroups.map((id) => group(id).name),
      hostGroups,
      args: argsOf(pid),
      residentBytes,
      seccomp: Number(status.get('Seccomp') ?? 0),
      label: textOf(`/proc/${pid}/attr/current`).replace(/[\0\n]+$/, ''),
      capabilities: {
        inheritable: capabilitiesOf(status.get('CapInh'), all),
        permitted: capabilitiesOf(status.get('CapPrm'), all),
        effective: capabilitiesOf(status.get('CapEff'), all),
        bounding: capabilitiesOf(status.get('CapBnd'), all),
        ambient: capabilitiesOf(status.get('CapAmb'), all),
      },
      startedAt: now - elapsed * 1000,
      elapsed,
      cpuSeconds: (stat.userTicks + stat.systemTicks) / 100,
      memoryPercent: (residentBytes / memory) * 100,
    });
  }
  for (const one of seen) one.parentPid = inner.get(one.parentPid) ?? 0;
  return seen.sort((a, b) => a.pid - b.pid);
}

function memoryOfMachine(): number {
  return Number(/^MemTotal: +(\d+) kB/m.exec(textOf('/proc/meminfo'))?.[1] ?? 1) * 1024;
}

function named(id: number | undefined, names: ReadonlyMap<number, string>, host: number) {
  return { id, name: id === undefined ? String(host) : (names.get(id) ?? String(id)) };
}
