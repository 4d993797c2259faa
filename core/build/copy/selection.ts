/** Which files a COPY or ADD takes: what its cache key is made of, and what is later written. */

import type { TarSink } from '../../archive/tar-parser.ts';

/** One source after wildcards: a file, or what is in a directory. */
export interface SelectedSource {
  /** As the Dockerfile has it, for errors. */
  readonly label: string;
  /** Its content goes into the destination, which then is a directory. */
  readonly directory: boolean;
  /** What it brings takes the place of whatever is there, be it a directory (an archive that is unpacked). */
  readonly replaces?: boolean;
  /** Of a file: its name in a destination that is a directory; '' for one that has none. */
  readonly name: string;
  /** Gives its entries to the sink, `path` relative to the destination: "" is the directory or the file itself. */
  read(sink: TarSink, drain: () => Promise<void>): Promise<void>;
}

export interface Selection {
  readonly sources: readonly SelectedSource[];
  /** Several were written, or wildcards: the destination must be a directory, and end in a slash when it isn't there yet. */
  readonly several: boolean;
  /** Hex sha256 of all that the result depends on, but for destination, --chown and --chmod. No times. */
  readonly hash: string;
}
