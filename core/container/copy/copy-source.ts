/** What is copied: a file or tree of a container or of the host, or a tar archive that comes in. */

import type { FoundEntry } from '../../../rootless/file-stream.ts';
import { decompress, EXPANSION_LIMIT } from '../../archive/decompress.ts';
import { createTarParser, type TarSink } from '../../archive/tar-parser.ts';
import { PodError } from '../../error.ts';
import { assertsDirectory, basenameOf, meansContents, trimmed } from './copy-end.ts';
import { lookAt, packFiles } from './pack-job.ts';
import type { Place } from './place.ts';

export interface CopySource {
  /** How it was named. */
  label: string;
  directory: boolean;
  /** Only what is in it, not itself. */
  contents: boolean;
  /** Its own name; '' when it has none. */
  name: string;
  /** Gives all of it to the sink, under `name` instead of its own; returns what the user should know, a line each. */
  read(sink: TarSink, drain: () => Promise<void>, name: string): Promise<string[]>;
}

export interface SourceWish {
  label: string;
  place: Place;
  /** As it was typed, for a path on the host made absolute but for what its end means. */
  path: string;
  /** A symbolic link is followed: --follow-link. */
  follow: boolean;
}

export async function fileSource({ label, place, path, follow }: SourceWish): Promise<CopySource> {
  const failing = `cannot copy ${label}`;
  const through = follow || assertsDirectory(path);
  const found = await lookAt(place, trimmed(path), through, failing);
  const wrong = wrongKind(found, path);
  if (wrong) throw new PodError({ code: 'not-found', message: failing, why: wrong });
  return {
    label,
    directory: found?.type === 'directory',
    contents: meansContents(path),
    name: basenameOf(path),
    read: (sink, drain, name) =>
      packFiles(place(), ['pack', '/', trimmed(path), name, through ? 'follow' : '-'], {
        sink,
        drain,
        failing,
      }),
  };
}

function wrongKind(found: FoundEntry | undefined, path: string): string | undefined {
  if (!found) return 'it does not exist';
  if (assertsDirectory(path) && found.type !== 'directory') return 'it is not a directory';
  return undefined;
}

/** A tar archive, compressed or not, whose entries go into a directory. */
export function tarSource(bytes: AsyncIterable<Uint8Array>): CopySource {
  return {
    label: 'standard input',
    directory: true,
    contents: true,
    name: '',
    read: async (sink, drain) => {
      const parser = createTarParser(sink);
      for await (const chunk of decompress(bytes, EXPANSION_LIMIT)) {
        parser.write(chunk);
        await drain();
      }
      parser.end();
      return [];
    },
  };
}
