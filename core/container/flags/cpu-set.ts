import { readFileSync } from 'node:fs';
import { PodError } from '../../error.ts';

/** The numbers in the kernel's list format, `0-3,7` (cpuset(7), "List format"); undefined for anything else. */
export function parseCpuList(text: string): number[] | undefined {
  const numbers = new Set<number>();
  for (const part of text.trim().split(',')) {
    const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(part);
    if (!match) return undefined;
    const first = Number(match[1]);
    const last = Number(match[2] ?? match[1]);
    if (last < first || last >= 8192) return undefined;
    for (let n = first; n <= last; n++) numbers.add(n);
  }
  return [...numbers].sort((a, b) => a - b);
}

/** A value of --cpuset-cpus or --cpuset-mems, checked against what is online here. */
export function checkCpuSet(
  flag: '--cpuset-cpus' | '--cpuset-mems',
  text: string,
  online = onlineOf(flag),
): string {
  const wanted = parseCpuList(text);
  if (!wanted) {
    throw new PodError({
      code: 'usage',
      message: `invalid value ${JSON.stringify(text)} for ${flag}`,
      hint: `${flag} takes a list such as 0-3 or 0,2`,
    });
  }
  const available = parseCpuList(online) ?? [];
  if (available.length > 0 && wanted.some((n) => !available.includes(n))) {
    const what = flag === '--cpuset-cpus' ? 'CPUs' : 'memory nodes';
    throw new PodError({
      code: 'usage',
      message: `cannot use the ${what} ${text}`,
      why: `available here: ${online.trim()}`,
    });
  }
  return text.trim();
}

function onlineOf(flag: '--cpuset-cpus' | '--cpuset-mems'): string {
  const kind = flag === '--cpuset-cpus' ? 'cpu' : 'node';
  try {
    return readFileSync(`/sys/devices/system/${kind}/online`, 'utf8');
  } catch {
    return '';
  }
}
