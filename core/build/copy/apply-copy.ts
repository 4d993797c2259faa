/** Writes what COPY and ADD have selected into a stage's root. */

import { PodError } from '../../error.ts';
import type { Namespace } from '../../images/unpack/apply-job.ts';
import type { Selection } from './selection.ts';

export interface CopyTarget {
  /** Where the root is mounted, made new for each of the launcher's jobs (core/container/copy/place.ts). */
  readonly place: () => Namespace;
  /** The root there: "/", or for --link a bare directory that becomes a layer. */
  readonly root: string;
  /**
   * Directories of the root's layers, the topmost (written) one first: what is there is looked up without a job. For
   * --link the bare directory alone.
   */
  readonly layers: readonly string[];
}

export interface CopyOptions {
  /** As in the Dockerfile, expanded: "/app/", "src". */
  readonly destination: string;
  /** Absolute. */
  readonly workingDirectory: string;
  /** `user`, `user:group`, `1000:1000`. */
  readonly chown?: string | undefined;
  /** `755`, `u+x,g=u`. */
  readonly chmod?: string | undefined;
  /** Of --chown: the text of /etc/passwd and /etc/group of the stage; by default read from `layers`. */
  readonly readFile?: (path: string) => string | undefined;
  /** Seconds: of directories that are made. Default: now. */
  readonly time?: number | undefined;
}

/** Resolves the destination below the root, links followed, and writes. Gives the launcher's notices. */
export async function applyCopy(
  _selection: Selection,
  _target: CopyTarget,
  _options: CopyOptions,
): Promise<string[]> {
  throw new PodError({ code: 'unsupported', message: 'cannot copy yet' });
}
