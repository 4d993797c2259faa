/** What a container's group uses: cgroup-v2.rst, "Core Interface Files" of each controller. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface CgroupUsage {
  cpu: { usageUsec: number; userUsec: number; systemUsec: number; periods: number; throttled: number };
  /** Bytes; `used` is without the page cache that can be dropped at once (as docker counts). */
  memory: { current: number; used: number; limit: number | undefined; peak: number | undefined };
  pids: { current: number; limit: number | undefined };
  /** Bytes and operations over all devices. */
  io: { readBytes: number; writeBytes: number; reads: number; writes: number };
  oom: OomEvents;
}

export interface OomEvents {
  /** Times the limit was hit with nothing left to reclaim. */
  events: number;
  /** Processes killed for it, in this group and below. */
  kills: number;
}

/** Figures of the group at an absolute path; undefined when it is gone. Missing controllers count as zero. */
export function readUsage(group: string): CgroupUsage | undefined {
  const text = (file: string) => textOf(join(group, file));
  const cpu = flatKeyed(text('cpu.stat'));
  if (cpu.size === 0 && text('cgroup.events') === '') return undefined;
  const get = (map: Map<string, number>, key: string) => map.get(key) ?? 0;
  const current = Number(text('memory.current')) || 0;
  const inactive = get(flatKeyed(text('memory.stat')), 'inactive_file');
  return {
    cpu: {
      usageUsec: get(cpu, 'usage_usec'),
      userUsec: get(cpu, 'user_usec'),
      systemUsec: get(cpu, 'system_usec'),
      periods: get(cpu, 'nr_periods'),
      throttled: get(cpu, 'nr_throttled'),
    },
    memory: {
      current,
      used: Math.max(0, current - inactive),
      limit: limitOf(text('memory.max')),
      peak: limitOf(text('memory.peak')),
    },
    pids: { current: Number(text('pids.current')) || 0, limit: limitOf(text('pids.max')) },
    io: parseIoStat(text('io.stat')),
    oom: parseMemoryEvents(text('memory.events')),
  };
}

/** The text of memory.events: `oom` and `oom_kill`. */
export function parseMemoryEvents(text: string): OomEvents {
  const events = flatKeyed(text);
  return { events: events.get('oom') ?? 0, kills: events.get('oom_kill') ?? 0 };
}

/** Lines `8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=0 dios=0`, summed. */
export function parseIoStat(text: string): CgroupUsage['io'] {
  const sum = { readBytes: 0, writeBytes: 0, reads: 0, writes: 0 };
  for (const [, key, value] of text.matchAll(/ (\w+)=(\d+)/g)) {
    if (key === 'rbytes') sum.readBytes += Number(value);
    else if (key === 'wbytes') sum.writeBytes += Number(value);
    else if (key === 'rios') sum.reads += Number(value);
    else if (key === 'wios') sum.writes += Number(value);
  }
  return sum;
}

function flatKeyed(text: string): Map<string, number> {
  return new Map([...text.matchAll(/^(\S+) (\d+)$/gm)].map((match) => [match[1] ?? '', Number(match[2])]));
}

/** A number, or undefined for `max` and for what isn't there. */
function limitOf(text: string): number | undefined {
  return /^\d+$/.test(text.trim()) ? Number(text) : undefined;
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
