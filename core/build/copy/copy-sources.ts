/** COPY: which files of a context its sources mean (Dockerfile reference, "COPY"; wildcards as Go's filepath.Match). */

import { PodError } from '../../error.ts';
import type { BuildContext } from '../context/build-context.ts';
import type { TransferSource } from '../dockerfile/dockerfile.ts';
import type { Selection } from './selection.ts';

export interface CopyWish {
  /** Variables in paths and in heredocs are expanded. */
  readonly sources: readonly TransferSource[];
  /** As .dockerignore's patterns, relative to each source. */
  readonly exclude: readonly string[];
  /** --parents: names keep their directories, from `/./` on where that is in the source. */
  readonly parents: boolean;
}

/** Finds and hashes; no root is opened. PodError `not-found` where a source is nothing in the context. */
export async function copySources(_context: BuildContext, _wish: CopyWish): Promise<Selection> {
  throw new PodError({ code: 'unsupported', message: 'cannot copy yet' });
}
