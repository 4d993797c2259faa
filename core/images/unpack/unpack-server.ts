/** The other side of unpackers.ts: a process of this program that unpacks layers, one after the other. */

import { followFile } from '../pull/follow-file.ts';
import { type GrowthReport, reportGrowth } from '../pull/growth.ts';
import { unpackLayer } from './unpack.ts';
import {
  errorText,
  type FromUnpacker,
  messageLine,
  messages,
  type ToUnpacker,
  type UnpackOrder,
} from './unpack-messages.ts';

interface Job {
  readonly growth: GrowthReport;
  readonly stop: AbortController;
  readonly done: Promise<void>;
}

/** Does what `input` orders until it ends, and tells `answer` a line at a time. What is half-made then is removed. */
export async function serveUnpacking(
  input: AsyncIterable<Buffer | string>,
  answer: (line: string) => void,
): Promise<void> {
  const say = (message: FromUnpacker): void => answer(messageLine(message));
  let job: Job | undefined;
  for await (const message of messages<ToUnpacker>(input)) {
    if ('unpack' in message) job = begin(message.unpack, message.bytes, say);
    else if ('bytes' in message) job?.growth.grow(message.bytes);
    else if ('end' in message) job?.growth.end();
    else job?.stop.abort();
  }
  // Whoever wanted it is gone.
  job?.stop.abort();
  await job?.done;
}

function begin(order: UnpackOrder, bytes: number, say: (message: FromUnpacker) => void): Job {
  const { path, ...options } = order;
  const growth = reportGrowth(bytes);
  const stop = new AbortController();
  const onNotice = (notice: string): void => say({ notice });
  const work = unpackLayer(followFile(path, growth), { ...options, signal: stop.signal, onNotice });
  const done = work.then(
    (layer) => say({ layer }),
    (error) => say({ error: errorText(error) }),
  );
  return { growth, stop, done };
}
