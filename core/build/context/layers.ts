/** The files of a stage or an image as a context: COPY --from. Owners and attributes are kept. */

import type { HostFacts } from '../../container/facts.ts';
import { PodError } from '../../error.ts';
import type { Paths } from '../../paths.ts';
import type { BuildContext } from './build-context.ts';

export interface LayersOfContext {
  readonly paths: Paths;
  readonly host: HostFacts;
  /** "stage build", "the image alpine:3". */
  readonly label: string;
  /** "sha256:…" of the unpacked layers, the lowest first. They stand for their content: what was hashed is remembered by them. */
  readonly diffIds: readonly string[];
  /** Must exist until `close`. A folder of the build's own, for mount points. */
  readonly directory: string;
  /** Of the user's, when fuse-overlayfs or copies are to be used. */
  readonly storageDriver?: string | undefined;
}

/** Nothing is mounted or read until it is asked for. */
export function layersContext(_parts: LayersOfContext): BuildContext {
  throw new PodError({ code: 'unsupported', message: 'cannot copy from another stage yet' });
}
