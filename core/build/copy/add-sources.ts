/** ADD: as COPY, and archives that are unpacked, downloads and repositories. */

import { PodError } from '../../error.ts';
import type { BuildContext } from '../context/build-context.ts';
import type { ContextEnvironment } from '../context/open-context.ts';
import type { TransferSource } from '../dockerfile/dockerfile.ts';
import type { Selection } from './selection.ts';

export interface AddWish {
  readonly sources: readonly TransferSource[];
  readonly exclude: readonly string[];
  /** `sha256:…` of what is downloaded: of one source only. */
  readonly checksum?: string | undefined;
  readonly keepGitDir: boolean;
  /** Undefined: local archives are, downloads aren't. */
  readonly unpack?: boolean | undefined;
}

/** Downloads (into the environment's directory), finds and hashes. */
export async function addSources(
  _context: BuildContext,
  _wish: AddWish,
  _environment: ContextEnvironment,
): Promise<Selection> {
  throw new PodError({ code: 'unsupported', message: 'cannot add yet' });
}
