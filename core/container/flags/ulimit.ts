/** --ulimit NAME=SOFT[:HARD]: getrlimit(2). */

import { readFileSync } from 'node:fs';
import { PodError } from '../../error.ts';

export interface Rlimit {
  /** `RLIMIT_NOFILE` and so on, as in the OCI specification's process.rlimits. */
  type: string;
  /** UNLIMITED stands for RLIM_INFINITY. */
  soft: number;
  hard: number;
}

/** RLIM_INFINITY (2^64 - 1) is no number of JavaScript; this one is, in JSON too, and no limit reaches it. */
export const UNLIMITED = 2 ** 63;

/** Docker's names, and the row of /proc/PID/limits that tells the host's values. */
const ROWS: Record<string, string> = {
  as: 'Max address space',
  core: 'Max core file size',
  cpu: 'Max cpu time',
  data: 'Max data size',
  fsize: 'Max file size',
  locks: 'Max file locks',
  memlock: 'Max locked memory',
  msgqueue: 'Max msgqueue size',
  nice: 'Max nice priority',
  nofile: 'Max open files',
  nproc: 'Max processes',
  rss: 'Max resident set',
  rtprio: 'Max realtime priority',
  rttime: 'Max realtime timeout',
  sigpending: 'Max pending signals',
  stack: 'Max stack size',
};

/** All of --ulimit; the last one of a name counts. `limits` is the text of /proc/self/limits. */
export function parseUlimits(
  values: string[],
  limits = () => readFileSync('/proc/self/limits', 'utf8'),
): Rlimit[] {
  const found = new Map<string, Rlimit>();
  if (values.length === 0) return [];
  const host = limits();
  for (const value of values) {
    const limit = parseUlimit(value, host);
    found.set(limit.type, limit);
  }
  return [...found.values()];
}

function parseUlimit(text: string, host: string): Rlimit {
  const match = /^([a-z]+)=(-?\d{1,19}|unlimited|host)(?::(-?\d{1,19}|unlimited|host))?$/.exec(text);
  const row = match?.[1] === undefined ? undefined : ROWS[match[1]];
  if (!match?.[1] || !match[2] || !row) {
    throw new PodError({
      code: 'usage',
      message: `invalid value ${JSON.stringify(text)} for --ulimit`,
      hint: `--ulimit takes NAME=SOFT[:HARD], NAME one of ${Object.keys(ROWS).join(' ')}`,
    });
  }
  const ours = hostLimit(host, row);
  const soft = amount(match[2], ours.soft);
  const hard =
    match[3] === undefined ? (match[2] === 'host' ? ours.hard : soft) : amount(match[3], ours.hard);
  if (soft > hard) {
    throw new PodError({
      code: 'usage',
      message: `invalid value ${JSON.stringify(text)} for --ulimit`,
      why: 'the soft limit is above the hard limit',
    });
  }
  if (hard > ours.hard) {
    throw new PodError({
      code: 'denied',
      message: `cannot raise the limit ${match[1]} to ${match[3] ?? match[2]}`,
      why: `this user's hard limit is ${ours.hard}`,
      hint: `raise it in /etc/security/limits.conf or by LimitXXX= of user@.service, or ask for less`,
    });
  }
  return { type: `RLIMIT_${match[1].toUpperCase()}`, soft, hard };
}

function amount(text: string, host: number): number {
  if (text === 'host') return host;
  const value = Number(text);
  return text === 'unlimited' || value < 0 ? UNLIMITED : value;
}

function hostLimit(text: string, row: string): { soft: number; hard: number } {
  const line = text.split('\n').find((candidate) => candidate.startsWith(row)) ?? '';
  const [soft, hard] = line.slice(row.length).trim().split(/\s+/);
  const value = (word: string | undefined) =>
    word === undefined || word === '' || word === 'unlimited' ? UNLIMITED : Number(word);
  return { soft: value(soft), hard: value(hard) };
}
