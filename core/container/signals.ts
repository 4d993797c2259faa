import { constants } from 'node:os';
import { PodError } from '../error.ts';

/** The real-time signals that libc leaves to programs, signal(7). */
const REALTIME_MIN = 34;
const REALTIME_MAX = 64;

/** The number of `TERM`, `SIGTERM`, `15`, `RTMIN+3`. */
export function signalNumber(text: string): number {
  const name = text.toUpperCase().replace(/^SIG/, '');
  if (/^\d+$/.test(name) && Number(name) >= 1 && Number(name) <= REALTIME_MAX) return Number(name);
  const known = constants.signals[`SIG${name}` as keyof typeof constants.signals];
  if (known) return known;
  const realtime = /^RTM(IN|AX)([+-]\d+)?$/.exec(name);
  const number = realtime
    ? (realtime[1] === 'IN' ? REALTIME_MIN : REALTIME_MAX) + Number(realtime[2] ?? 0)
    : 0;
  if (number >= REALTIME_MIN && number <= REALTIME_MAX) return number;
  throw new PodError({
    code: 'usage',
    message: `unknown signal ${JSON.stringify(text)}`,
    hint: 'kill -l   # lists the names',
  });
}

/** A stop signal by its name (`SIGTERM`), as inspect shows it; 32 and 33, which libc keeps to itself, have none. */
export function stopSignalOf(text: string | undefined): string {
  if (!text) return 'SIGTERM';
  const number = signalNumber(text);
  const name = Object.entries(constants.signals).find(([, value]) => value === number)?.[0];
  if (name) return name;
  return number < REALTIME_MIN ? String(number) : `SIGRTMIN+${number - REALTIME_MIN}`;
}
