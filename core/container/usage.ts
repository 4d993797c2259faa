import { readFileSync } from 'node:fs';
import { totalmem } from 'node:os';
import { readUsage } from '../../rootless/cgroup/usage.ts';
import { monotonicNow } from '../host/monotonic.ts';
import type { ListedContainer } from './list.ts';
import { ownGroup } from './own-group.ts';
import { processesOf, readStat } from './processes.ts';

/** What a container has used until a moment; what can't be told is absent. */
export interface Usage {
  /** Milliseconds, of a clock that only goes on. */
  time: number;
  cpuMicroseconds?: number | undefined;
  /** Bytes; the limit is the machine's memory where there is none. */
  memory?: { used: number; limit: number } | undefined;
  network?: { received: number; sent: number } | undefined;
  block?: { read: number; written: number } | undefined;
  /** Threads of all processes, as the kernel counts against --pids-limit. */
  tasks?: number | undefined;
}

const TICK = 10_000; // microseconds: USER_HZ is 100 on all architectures, times(2)
const PAGE = 4096;
/** Of a container with more processes the private pages are counted: shares in common ones cost a walk over its tables. */
const SHARES_MAX = 100;

/** Of containers that run, by id; read in one go, since one look at /proc is for all. */
export function usageOf(listed: readonly ListedContainer[], cgroups: string | undefined): Map<string, Usage> {
  const usages = new Map<string, Usage>();
  const groupless: ListedContainer[] = [];
  for (const one of listed) {
    const { record, state } = one;
    if (!state.process) continue;
    const group = ownGroup(cgroups, record.id, state.process);
    const usage = group ? fromGroup(group) : undefined;
    if (usage) usages.set(record.id, usage);
    else groupless.push(one);
  }
  const processes = groupless.length > 0 ? processesOf(groupless.map(({ state }) => state.pid)) : undefined;
  for (const { record, state } of groupless)
    usages.set(record.id, fromProcesses(processes!.get(state.pid) ?? []));
  for (const { record, state } of listed) {
    const usage = usages.get(record.id);
    if (usage && record.network.mode !== 'host') usage.network = readNetwork(state.pid);
  }
  return usages;
}

function fromGroup(group: string): Usage | undefined {
  const usage = readUsage(group);
  if (!usage) return undefined;
  const { cpu, memory, pids, io } = usage;
  return {
    time: monotonicNow(),
    cpuMicroseconds: cpu.usageUsec,
    memory: { used: memory.used, limit: Math.min(memory.limit ?? Number.POSITIVE_INFINITY, totalmem()) },
    block: { read: io.readBytes, written: io.writeBytes },
    tasks: pids.current,
  };
}

function fromProcesses(pids: readonly number[]): Usage {
  const usage = { time: monotonicNow(), cpuMicroseconds: 0, tasks: 0 };
  let used = 0;
  let block: Usage['block'];
  for (const pid of pids) {
    const stat = readStat(pid);
    if (!stat) continue;
    usage.cpuMicroseconds += (stat.userTicks + stat.systemTicks + stat.childTicks) * TICK;
    usage.tasks += stat.threads;
    used += (pids.length <= SHARES_MAX ? shareOf(pid) : undefined) ?? privateOf(pid);
    const moved = readBlock(pid);
    if (moved)
      block = { read: (block?.read ?? 0) + moved.read, written: (block?.written ?? 0) + moved.written };
  }
  return { ...usage, memory: { used, limit: totalmem() }, block };
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

/** Bytes, common pages divided by those who have them: proc_pid_smaps(5), smaps_rollup. */
function shareOf(pid: number): number | undefined {
  const found = /^Pss: +(\d+) kB$/m.exec(textOf(`/proc/${pid}/smaps_rollup`));
  return found ? Number(found[1]) * 1024 : undefined;
}

/** proc_pid_statm(5): resident pages without those of files and shared memory. */
function privateOf(pid: number): number {
  const [, resident = 0, shared = 0] = textOf(`/proc/${pid}/statm`).split(' ').map(Number);
  return Math.max(0, resident - shared) * PAGE;
}

function readBlock(pid: number): Usage['block'] {
  const text = textOf(`/proc/${pid}/io`);
  const value = (key: string) => Number(new RegExp(`^${key}: (\\d+)$`, 'm').exec(text)?.[1] ?? 0);
  return text === '' ? undefined : { read: value('read_bytes'), written: value('write_bytes') };
}

/** All devices of a process's network namespace but the loopback, proc_pid_net(5). */
function readNetwork(pid: number): Usage['network'] {
  const text = textOf(`/proc/${pid}/net/dev`);
  if (text === '') return undefined;
  const sum = { received: 0, sent: 0 };
  for (const [, name, values = ''] of text.matchAll(/^ *([^:\s]+):(.*)$/gm)) {
    if (name === 'lo') continue;
    const fields = values.trim().split(/ +/).map(Number);
    sum.received += fields[0] ?? 0;
    sum.sent += fields[8] ?? 0;
  }
  return sum;
}

/** Percent of one CPU between two moments; undefined where one of them doesn't say. */
export function cpuPercent(before: Usage | undefined, now: Usage | undefined): number | undefined {
  const [from, to] = [before?.cpuMicroseconds, now?.cpuMicroseconds];
  if (from === undefined || to === undefined) return undefined;
  const passed = (now!.time - before!.time) * 1000;
  return passed > 0 ? Math.max(0, ((to - from) / passed) * 100) : 0;
}
