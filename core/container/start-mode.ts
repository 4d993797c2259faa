import type { Operation } from '../../rootless/plan.ts';
import { PodError } from '../error.ts';
import type { Paths } from '../paths.ts';
import { detachBytes } from './flags/detach-keys.ts';
import { JOURNAL_SOCKET, journalFields, logPath } from './log/log-settings.ts';
import type { ContainerOptions } from './options.ts';
import type { ContainerRecord } from './record.ts';

export type Stream = 'in' | 'out' | 'err';

/** How this start is made: what differs between `run`, `run -d`, `start` and `start -a` of one container. */
export interface StartMode {
  /** What this process stays attached to; nothing: it ends when the container runs. */
  streams: readonly Stream[];
  /** Printed then; undefined: nothing. */
  line?: string | undefined;
  /** The signals that this process gets go on to the container. */
  sigProxy: boolean;
  /** Others than the container's own. */
  detachKeys?: string | undefined;
  /** Rows and columns of the caller's terminal. */
  terminalSize?: { rows: number; columns: number } | undefined;
}

/** `run -d`, `start`: in the background. */
export const BACKGROUND: StartMode = { streams: [], sigProxy: false };

const STREAMS: Record<string, Stream> = { stdin: 'in', stdout: 'out', stderr: 'err' };

/** Reads the words of `run --attach`. */
function parseStreams(words: readonly string[]): Stream[] {
  return words.map((word) => {
    const stream = STREAMS[word.toLowerCase()];
    if (stream) return stream;
    throw new PodError({
      code: 'usage',
      message: `cannot use --attach ${word}`,
      hint: '--attach takes stdin, stdout and stderr',
    });
  });
}

/** The streams that a command in the foreground is attached to when nobody says which. */
function usualStreams(record: Pick<ContainerRecord, 'interactive'>): Stream[] {
  return record.interactive ? ['in', 'out', 'err'] : ['out', 'err'];
}

/** The mode of `run`. Throws PodError `usage` for what excludes each other. */
export function runMode(
  options: Pick<ContainerOptions, 'attach' | 'detach' | 'sigProxy' | 'detachKeys'>,
  record: Pick<ContainerRecord, 'id' | 'interactive'>,
): StartMode {
  const asked = parseStreams(options.attach);
  if (options.detach && asked.length > 0)
    throw new PodError({ code: 'usage', message: '--attach and --detach exclude each other' });
  if (options.detach) return { ...BACKGROUND, line: record.id };
  const streams =
    asked.length === 0 ? usualStreams(record) : asked.filter((one) => one !== 'in' || record.interactive);
  // As docker: who sees no output learns which container it is.
  const blind = !streams.includes('out') && !streams.includes('err');
  return { streams, sigProxy: options.sigProxy, ...(blind && { line: record.id }) };
}

/** Whether the monitor may start the container anew, or must be able to. */
export function mayRestart({ restart, health }: Pick<ContainerRecord, 'restart' | 'health'>): boolean {
  return (restart && restart.name !== 'no') || health?.onFailure === 'restart';
}

/** Who stays attached is the monitor itself, unless that must be able to go on without it. */
function isMonitor(record: ContainerRecord, { streams, line, sigProxy }: StartMode): boolean {
  const whole = streams.includes('out') && streams.includes('err');
  return whole && sigProxy && line === undefined && !record.tty && !mayRestart(record);
}

function logOperations(paths: Paths, record: ContainerRecord): Operation[] {
  const { driver, maxSize, maxFiles, attributes } = record.log;
  if (driver === 'journald') return [['journal', JOURNAL_SOCKET, ...journalFields(record)]];
  if (driver !== 'k8s-file' && driver !== 'json-file') return [];
  const words = ['log', logPath(paths, record), driver, String(maxSize), String(maxFiles)];
  return [driver === 'json-file' && attributes ? [...words, JSON.stringify(attributes)] : words];
}

/** Where input comes from, where output goes, and what this process does meanwhile: rootless/plan.ts. */
export function streamOperations(paths: Paths, record: ContainerRecord, mode: StartMode): Operation[] {
  const { log, interactive, tty, restart } = record;
  const { streams, line } = mode;
  const monitor = isMonitor(record, mode);
  const operations: Operation[] = [];
  if (streams.length === 0) operations.push(line === undefined ? ['detach'] : ['detach', line]);
  else if (line !== undefined) operations.push(['detach', line]);
  if (streams.length > 0 && !monitor) operations.push(['attach', streams.join(',')]);
  if (streams.length > 0 && !mode.sigProxy) operations.push(['no-sig-proxy']);
  if (mayRestart(record)) operations.push(['restart', restart?.name ?? 'no', String(restart?.maximum ?? 0)]);
  const piped = interactive && !tty ? 'pipe' : 'null';
  operations.push(['stdin', monitor && interactive && streams.includes('in') ? 'inherit' : piped]);
  const straight = log.driver === 'passthrough' || (log.driver === 'none' && monitor);
  operations.push(['output', straight && (monitor || streams.length === 0) ? 'inherit' : 'log']);
  operations.push(...logOperations(paths, record));
  const keys = mode.detachKeys ?? record.detachKeys;
  if (keys) operations.push(['detach-keys', detachBytes(keys)]);
  return operations;
}
