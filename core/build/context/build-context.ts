/**
 * Where COPY and ADD find files: a folder of the user's, an archive, a git checkout, the layers of a stage or image.
 * Names are byte strings (latin1), as in rootless/file-entry.ts, and below the context's root: "a/b"; the root is "".
 */

import type { FileEntry } from '../../../rootless/file-entry.ts';
import type { TarSink } from '../../archive/tar-parser.ts';

/** A file of a context. Owners are 0:0 in what comes from the user, and as the container sees them in layers. */
export type ContextEntry = FileEntry;

export interface FoundTree {
  /** Where it is, with the links on the way resolved: the `path` of the first entry. */
  readonly at: string;
  /** It, and what is in it: a directory before its content, names in the order of their bytes. Without what is ignored. */
  readonly entries: readonly ContextEntry[];
}

export interface WalkOptions {
  /** How many levels below the path; undefined: all. 0: the path alone. */
  readonly depth?: number;
}

export interface BuildContext {
  /** How errors call it: "the build context", "stage build". */
  readonly label: string;
  /** Stands for all its files, where they never change: the same text, the same files. */
  readonly identity?: string;
  /**
   * What is at a path; links on the way and at its end are followed, never out of the context. undefined: nothing.
   * Each directory is read once, however often it is asked for.
   */
  walk(path: string, options?: WalkOptions): Promise<FoundTree | undefined>;
  /**
   * What is in each entry that `walk` gave, as a text: of a file the same text means the same bytes and attributes, of a
   * directory the same attributes ('' for none); '' for all others. PodError `conflict` for a file that has changed since
   * it was found.
   */
  fingerprints(entries: readonly ContextEntry[]): Promise<string[]>;
  /** Gives entries with their data to the sink, in their order, each as `walk` gave it (attributes are added). */
  read(entries: readonly ContextEntry[], sink: TarSink, drain: () => Promise<void>): Promise<void>;
  /** Why nothing may be at a path, for an error: ".dockerignore leaves it out". */
  hint?(path: string): string | undefined;
}
