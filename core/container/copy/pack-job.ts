/** The launcher's pack jobs: what is in a tree, entry by entry. */
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import { type FileStreamSink, type FoundEntry, parseFileStream } from '../../../rootless/file-stream.ts';
import { spawnLauncher } from '../../../rootless/launcher.ts';
import type { Operation } from '../../../rootless/plan.ts';
import { PodError } from '../../error.ts';
import { jobFailure, type Namespace, readTalk } from '../../images/unpack/apply-job.ts';
import type { Place } from './place.ts';

const PATIENCE_MS = 10_000;
const PAUSE_MS = 30;

export interface PackWork {
  sink: FileStreamSink;
  /** Waits until what the sink was given has gone on; called after each piece of the stream. */
  drain?: () => Promise<void>;
  /** What the error says could not be done. */
  failing: string;
}

/**
 * Runs `pack` or `pack-layer` (rootless/plan.ts) and gives what it finds to the sink. Returns its notices, a line each.
 * PodError `not-found` when nothing has the path; what sink and drain throw ends the job.
 */
export async function packFiles(namespace: Namespace, job: Operation, work: PackWork): Promise<string[]> {
  const steps = packSteps(namespace, job, work);
  try {
    for (let step = await steps.next(); ; step = await steps.next()) {
      await work.drain?.();
      if (step.done) return step.value;
    }
  } finally {
    await steps.return([]);
  }
}

/** The same, for who takes what the sink was given between one piece of the stream and the next. */
export async function* packSteps(
  namespace: Namespace,
  job: Operation,
  { sink, failing }: Omit<PackWork, 'drain'>,
): AsyncGenerator<void, string[], void> {
  const child = spawnLauncher(namespace.launcher, 'enter', [...namespace.maps, job], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const talk = readTalk(child.stderr as Readable);
  const closed = once(child, 'close');
  closed.catch(() => {}); // looked at later
  const parser = parseFileStream(sink);
  try {
    for await (const chunk of child.stdout as Readable) {
      parser.write(chunk);
      yield;
    }
    const [code, signal] = await closed;
    if (code !== 0) throw jobFailure(failing, code, signal, await talk);
    parser.end();
    return talk;
  } finally {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    await closed.catch(() => {});
  }
}

/**
 * What is at a path in a container or on the host; undefined when there is nothing. `follow`: a link at its end, too.
 * Waits while somebody else has a stopped container's files, or starts it.
 */
export async function lookAt(
  place: Place,
  path: string,
  follow: boolean,
  failing: string,
): Promise<FoundEntry | undefined> {
  const patience = Date.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await look(place(), path, follow, failing);
    } catch (error) {
      if (!(error instanceof PodError)) throw error;
      if (error.code === 'not-found') return undefined;
      if (error.code !== 'conflict' || Date.now() > patience) throw error;
      await setTimeout(PAUSE_MS);
    }
  }
}

async function look(
  namespace: Namespace,
  path: string,
  follow: boolean,
  failing: string,
): Promise<FoundEntry | undefined> {
  let found: FoundEntry | undefined;
  const sink: FileStreamSink = {
    entry: (entry) => {
      found = entry;
    },
    data: () => {},
    hole: () => {},
  };
  const flags = follow ? 'shallow,follow' : 'shallow';
  await packFiles(namespace, ['pack', '/', path, '', flags], { sink, failing });
  return found;
}
