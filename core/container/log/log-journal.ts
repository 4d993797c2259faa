import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { currentUser } from '../../../rootless/id-map.ts';
import { PodError } from '../../error.ts';
import type { ContainerRecord } from '../record.ts';
import { createJournalParser } from './journal-export.ts';
import type { LogRecord } from './log-record.ts';
import type { LogOptions } from './logs.ts';

const LOOK_AGAIN_MS = 200;
/** After the container's end: journald may still have to take what the monitor has sent. */
const LAST_WORDS_MS = 500;

const seconds = (milliseconds: number) => `@${(milliseconds / 1000).toFixed(3)}`;

/** Only what our own monitors have written: any user may send messages with these fields. */
function argumentsFor(record: Pick<ContainerRecord, 'id'>, { since, until }: LogOptions): string[] {
  return [
    '--output=export',
    '--quiet',
    '--all',
    ...(since === undefined ? [] : [`--since=${seconds(since)}`]),
    ...(until === undefined ? [] : [`--until=${seconds(until)}`]),
    `CONTAINER_ID_FULL=${record.id}`,
    `_UID=${currentUser().uid}`,
  ];
}

/** Where the last lines begin; a line may have several records, which journalctl would count. */
async function startOf(
  record: Pick<ContainerRecord, 'id'>,
  options: LogOptions,
): Promise<string | undefined> {
  const child = spawn('journalctl', ['--reverse', '--no-pager', ...argumentsFor(record, options)], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  child.on('error', () => {}); // the next one tells
  const parse = createJournalParser();
  let start: string | undefined;
  let lines = 0;
  for await (const bytes of child.stdout) {
    for (const { ended, cursor } of parse(bytes)) {
      if (ended || start === undefined) lines++;
      if (lines > options.tail) {
        child.kill();
        return start;
      }
      start = cursor;
    }
  }
  return start;
}

/** journalctl takes one beginning only: a cursor, which lies in the span of time, or `since`. */
async function wayOf(record: Pick<ContainerRecord, 'id'>, options: LogOptions): Promise<string[]> {
  const { tail, follow } = options;
  const start = tail > 0 ? await startOf(record, options) : undefined;
  const whole = follow ? ['--follow', tail === 0 ? '--lines=0' : '--lines=all'] : ['--no-pager'];
  if (start === undefined) return [...whole, ...argumentsFor(record, options)];
  return [...whole, `--cursor=${start}`, ...argumentsFor(record, { ...options, since: undefined })];
}

/** A container's log from the journal, as journalctl(1) gives it. `isUp` tells whether the container goes on. */
export async function* readJournal(
  record: Pick<ContainerRecord, 'id' | 'name'>,
  options: LogOptions,
  isUp: () => boolean,
): AsyncGenerator<LogRecord> {
  const ends = options.follow && (!isUp() || (options.until ?? Number.POSITIVE_INFINITY) < Date.now());
  const how = ends ? { ...options, follow: false } : options;
  if (how.tail === 0 && !how.follow) return;
  const child = spawn('journalctl', await wayOf(record, how), { stdio: ['ignore', 'pipe', 'pipe'] });
  const failed = once(child, 'error').then(([cause]) => unreadable(record, (cause as Error).message));
  const done = once(child, 'close');
  const watch = how.follow ? stopAtEnd(child, options, isUp) : undefined;
  let said = '';
  child.stderr.on('data', (text) => {
    said += text;
  });
  try {
    const parse = createJournalParser();
    for await (const bytes of child.stdout) yield* parse(bytes);
    const outcome = await Promise.race([failed, done]);
    if (outcome instanceof PodError) throw outcome;
    if (outcome[0] !== 0 && outcome[0] !== null && said !== '') throw unreadable(record, said.trim());
  } finally {
    clearInterval(watch);
    child.kill();
  }
}

function stopAtEnd(child: { kill: () => void }, { until }: LogOptions, isUp: () => boolean) {
  let ended: number | undefined;
  return setInterval(() => {
    if (ended === undefined && (!isUp() || (until !== undefined && Date.now() > until))) ended = Date.now();
    if (ended !== undefined && Date.now() - ended >= LAST_WORDS_MS) child.kill();
  }, LOOK_AGAIN_MS);
}

function unreadable({ name }: Pick<ContainerRecord, 'name'>, why: string): PodError {
  return new PodError({
    code: 'io',
    message: `cannot read the log of ${name} from the journal`,
    why,
    hint: 'journalctl --user   # shows whether this user may read it',
  });
}
