/** The launcher's apply job as a process that takes file operations and says how it went. */
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { encodeFileOps, type FileOps } from '../../../rootless/file-ops.ts';
import { spawnLauncher } from '../../../rootless/launcher.ts';
import type { Operation } from '../../../rootless/plan.ts';
import { type ErrorCode, PodError } from '../../error.ts';

/** How work is done as root of the user's namespace. */
export interface Namespace {
  /** Path of the launcher's program. */
  launcher: string;
  /** What comes before the job: uidmap, gidmap, newuidmap, newgidmap of rootless/plan.ts, and where else it runs. */
  maps: readonly Operation[];
}

export interface ApplyJob {
  /** Resolves when the pieces were taken by the pipe; rejects as `done` does when the job has failed. */
  send(pieces: Uint8Array[]): Promise<void>;
  /** No more operations follow. */
  end(): void;
  kill(): void;
  /** The job's notices, a line each. Rejects with PodError when it failed. */
  done: Promise<string[]>;
}

/** Exit statuses of rootless/native/apply.h and pack.h; 75 of `hold`. */
const CODES: Record<number, ErrorCode> = {
  1: 'io',
  2: 'io',
  3: 'no-space',
  4: 'invalid',
  5: 'not-found',
  75: 'conflict',
};
const MAX_TALK = 64 << 10;

/** Starts applying operations: `job` is an `apply` of rootless/plan.ts, `failing` says what it couldn't do. */
export function startApply(namespace: Namespace, job: Operation, failing: string): ApplyJob {
  const child = spawnLauncher(namespace.launcher, 'enter', [...namespace.maps, job], {
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  const stdin = child.stdin as Writable;
  const talk = readTalk(child.stderr as Readable);
  stdin.on('error', () => {}); // each write's callback tells
  const done = once(child, 'close').then(
    async ([code, signal]) => {
      const lines = await talk;
      if (code === 0) return lines;
      throw jobFailure(failing, code as number | null, signal as string | null, lines);
    },
    (cause) => {
      throw new PodError({ code: 'launch', message: 'cannot start the launcher', why: cause.message, cause });
    },
  );
  done.catch(() => {}); // looked at later
  return {
    send: (pieces) =>
      send(stdin, pieces).catch(async (error: unknown) => {
        await done; // a job that failed by itself says why; the broken pipe is only what we saw of it
        throw error;
      }),
    end: () => void stdin.end(),
    kill: () => void child.kill('SIGKILL'),
    done,
  };
}

/**
 * Feeds a job with the operations that `feed` makes, and ends it; gives its notices. `send` passes on those so far. With
 * an error nothing of the job runs any more.
 */
export async function feedApply(
  job: ApplyJob,
  feed: (ops: FileOps, send: () => Promise<void>) => Promise<void>,
): Promise<string[]> {
  const ops = encodeFileOps();
  const send = (): Promise<void> => job.send(ops.take());
  try {
    await feed(ops, send);
    ops.end();
    await send();
    job.end();
    return await job.done;
  } catch (error) {
    job.kill();
    await job.done.catch(() => {});
    throw error;
  }
}

/** Runs a job that needs no input, such as ['remove', PATH]; PodError when it fails. */
export async function enterAndDo(namespace: Namespace, job: Operation): Promise<void> {
  const child = spawnLauncher(namespace.launcher, 'enter', [...namespace.maps, job], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const talk = readTalk(child.stderr as Readable);
  const [code, signal] = await once(child, 'close');
  if (code !== 0) throw jobFailure(`cannot ${job.slice(0, 2).join(' ')}`, code, signal, await talk);
}

function send(stdin: Writable, pieces: Uint8Array[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const last = pieces.length - 1;
    if (last < 0) return resolve();
    stdin.cork();
    for (let i = 0; i < last; i++) stdin.write(pieces[i]);
    stdin.write(pieces[last], (error) => (error ? reject(error) : resolve()));
    stdin.uncork();
    return undefined;
  });
}

export async function readTalk(stream: Readable): Promise<string[]> {
  let text = '';
  for await (const chunk of stream) if (text.length < MAX_TALK) text += chunk;
  // The launcher escapes bytes; what is left are characters that only Unicode knows to be dangerous.
  return text
    .split('\n')
    .flatMap((line) => line.replace(/^(?:apply|pack|Error): /, '').replace(/[\p{Cc}\p{Cf}]/gu, '?') || []);
}

export function jobFailure(
  message: string,
  status: number | null,
  signal: string | null,
  lines: string[],
): PodError {
  const [why = signal ? `the launcher was ended by ${signal}` : `the launcher ended with ${status}`, told] =
    lines;
  const code = CODES[status ?? 1] ?? 'launch';
  const hint =
    code === 'no-space' ? 'free some space: tsc-pod system prune, or another disk with --root DIR' : told;
  return new PodError({ code, message, why, hint });
}
