/** A tar archive that ADD unpacks, whatever it is called: plain, gzip, zstd, bzip2, xz. */

import { decompress, EXPANSION_LIMIT } from '../../archive/decompress.ts';
import { memberName } from '../../archive/member-name.ts';
import { createTarParser } from '../../archive/tar-parser.ts';
import { zeros } from '../../archive/zeros.ts';
import { PodError } from '../../error.ts';
import { expandByProgram } from '../../images/decompress/expand-by-program.ts';
import { peek } from '../context/peek.ts';
import type { SelectedSource } from './selection.ts';

type Environment = NodeJS.ProcessEnv;

const expanded = (bytes: AsyncIterable<Uint8Array>, environment: Environment): AsyncIterable<Uint8Array> =>
  decompress(bytes, EXPANSION_LIMIT, { foreign: expandByProgram(environment) });

/** Whether the bytes are an archive with something in it. Damaged compression isn't one: the file is copied as it is. */
export async function archiveIn(
  bytes: AsyncIterable<Uint8Array>,
  environment: Environment,
): Promise<boolean> {
  const plain = expanded(bytes, environment)[Symbol.asyncIterator]();
  try {
    const { isTar, isEmpty } = await peek({ [Symbol.asyncIterator]: () => plain });
    return isTar && !isEmpty;
  } catch (error) {
    if (error instanceof PodError && error.code === 'invalid') return false;
    throw error;
  } finally {
    await plain.return?.();
  }
}

/** Names that climb out are refused, as in layers; owners are those that the archive tells. */
export function archiveSource(
  label: string,
  open: () => AsyncIterable<Uint8Array>,
  environment: Environment,
): SelectedSource {
  return {
    label,
    directory: true,
    replaces: true,
    name: '',
    read: async (sink, drain) => {
      const parser = createTarParser({
        entry: (entry) =>
          sink.entry({
            ...entry,
            path: memberName(entry.path),
            linkTarget: entry.type === 'hardlink' ? memberName(entry.linkTarget) : entry.linkTarget,
          }),
        data: (bytes) => sink.data(bytes),
        hole: (length) => sink.hole(length),
      });
      for await (const chunk of expanded(open(), environment)) {
        parser.write(chunk);
        await drain();
      }
      parser.end();
    },
  };
}

/** The bytes of a source that is one file, as they are asked for; whoever stops early ends the reading. */
export async function* fileBytes(source: SelectedSource): AsyncGenerator<Uint8Array, void, undefined> {
  const stopped = new Error('stopped');
  /** A number is so many zeros: a hole of terabytes takes no memory. */
  let waiting: (Uint8Array | number)[] = [];
  let wake = Promise.withResolvers<boolean>();
  let taken = Promise.withResolvers<void>();
  taken.promise.catch(() => {}); // nobody may wait for it
  const done = source
    .read(
      {
        entry: () => {},
        data: (bytes) => void waiting.push(bytes),
        hole: (length) => void waiting.push(length),
      },
      () => {
        if (waiting.length === 0) return Promise.resolve();
        wake.resolve(true);
        return taken.promise;
      },
    )
    .then(
      () => wake.resolve(false),
      (error) => wake.reject(error),
    );
  try {
    while (await wake.promise) {
      const chunks = waiting;
      waiting = [];
      wake = Promise.withResolvers();
      for (const chunk of chunks)
        if (typeof chunk === 'number') yield* zeros(chunk);
        else yield chunk;
      const before = taken;
      taken = Promise.withResolvers();
      taken.promise.catch(() => {});
      before.resolve();
    }
  } finally {
    wake.promise.catch(() => {});
    taken.reject(stopped);
    await done;
  }
}
