/** A tar archive as a sequence of entries with their data, for those who want to wait and choose. */

import type { TarEntry } from './tar-entry.ts';
import { createTarParser } from './tar-parser.ts';

export interface TarItem {
  entry: TarEntry;
  /**
   * The file's bytes, holes as zeros, in slices of what `source` gave. It can be read once, before the next item is
   * asked for; what isn't read is skipped.
   */
  data: AsyncIterable<Uint8Array>;
}

type Event = { entry: TarEntry } | { data: Uint8Array } | { hole: number };

const ZEROS = 64 << 10;

/** Errors: PodError 'invalid' where the archive breaks its format; what `source` throws comes through. */
export async function* readTar(source: AsyncIterable<Uint8Array>): AsyncGenerator<TarItem> {
  const events = eventsOf(source);
  try {
    let event = await events.next();
    while (!event.done) {
      if (!('entry' in event.value)) {
        event = await events.next();
        continue;
      }
      let next: IteratorResult<Event> | undefined;
      async function* data(): AsyncGenerator<Uint8Array> {
        while (next === undefined) {
          const one = await events.next();
          if (one.done || 'entry' in one.value) next = one;
          else if ('data' in one.value) yield one.value.data;
          else yield* zeros(one.value.hole);
        }
      }
      yield { entry: event.value.entry, data: data() };
      event = next ?? (await events.next());
    }
  } finally {
    await events.return(undefined);
  }
}

async function* eventsOf(source: AsyncIterable<Uint8Array>): AsyncGenerator<Event> {
  let events: Event[] = [];
  const parser = createTarParser({
    entry: (entry) => events.push({ entry }),
    data: (data) => events.push({ data }),
    hole: (hole) => events.push({ hole }),
  });
  for await (const chunk of source) {
    parser.write(chunk);
    yield* events;
    events = [];
  }
  parser.end();
}

function* zeros(length: number): Generator<Uint8Array> {
  const block = new Uint8Array(Math.min(length, ZEROS));
  for (let left = length; left > 0; left -= block.length)
    yield left >= block.length ? block : block.subarray(0, left);
}
