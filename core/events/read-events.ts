import type { Paths } from '../paths.ts';
import { type PodEvent, readEventLine } from './event-line.ts';
import { openEventLines } from './log-files.ts';
import { watchEventLog } from './watch-log.ts';

export interface EventWish {
  /** Milliseconds since the epoch, both included. Without `since` and `until` only what happens from now on is told. */
  since?: number | undefined;
  until?: number | undefined;
  /** Go on with what happens, until `until` or `signal`. */
  follow: boolean;
  signal?: AbortSignal | undefined;
  /** Told of lines that can't be read. */
  notice: (text: string) => void;
}

/** setTimeout(3p) takes no more. */
const LONGEST_MS = 2 ** 31 - 1;

/** The events of a time, each once, in the order in which they were written. */
export async function* readEvents(paths: Pick<Paths, 'data'>, wish: EventWish): AsyncGenerator<PodEvent> {
  const { since, until, follow, signal } = wish;
  const watch = follow ? watchEventLog(paths) : undefined; // before the first look: nothing may come in between
  const lines = openEventLines(paths);
  const over = endOf(until, signal);
  try {
    if (follow && since === undefined && until === undefined) lines.skip();
    for (;;) {
      const last = over.reached() || !watch; // asked first: what has come until then is read
      for (const line of lines.next()) {
        const event = eventOfLine(line, wish.notice);
        if (event && isWithin(event, since, until)) yield event;
      }
      if (last) return;
      await Promise.race([watch.changed(), over.promise]);
    }
  } finally {
    over.cancel();
    watch?.close();
    lines.close();
  }
}

function eventOfLine(line: string, notice: (text: string) => void): PodEvent | undefined {
  const event = readEventLine(line);
  if (!event && line !== '')
    notice(`the log of events has a damaged line, which is left out: ${line.slice(0, 60)}…`);
  return event;
}

function isWithin(
  { timeNano }: PodEvent,
  since = Number.NEGATIVE_INFINITY,
  until = Number.POSITIVE_INFINITY,
) {
  const time = Number(timeNano / 1000n) / 1000;
  return time >= since && time <= until;
}

/** The end of the reading: a moment, or the signal. */
function endOf(until: number | undefined, signal: AbortSignal | undefined) {
  const { promise, resolve } = Promise.withResolvers<void>();
  const reached = () => signal?.aborted === true || (until !== undefined && Date.now() > until);
  let timer: NodeJS.Timeout | undefined;
  const wait = () => {
    if (reached()) return resolve();
    if (until !== undefined) timer = setTimeout(wait, Math.min(until - Date.now() + 1, LONGEST_MS));
  };
  wait();
  const abort = () => resolve();
  signal?.addEventListener('abort', abort);
  const cancel = () => {
    clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
  };
  return { promise, reached, cancel };
}
