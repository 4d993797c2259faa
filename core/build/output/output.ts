/** `--output`: where the result of a build goes beside, or instead of, the store. docker-buildx-build(1). */

import { PodError } from '../../error.ts';
import type { BuildContext } from '../context/build-context.ts';

export type BuildOutput =
  /** An image in the store: `name=` beside -t, `push=true`. */
  | { readonly type: 'image'; readonly names: readonly string[]; readonly push: boolean }
  /** The files. `-o DIR` is the first, `-o -` the second. */
  | { readonly type: 'local'; readonly destination: string }
  | { readonly type: 'tar'; readonly destination: string | '-' }
  /** An archive of the image. */
  | {
      readonly type: 'oci' | 'docker';
      readonly destination: string | '-';
      readonly names: readonly string[];
      readonly tar: boolean;
    };

/** One `-o`. Throws PodError `usage`. */
export function parseOutput(_text: string): BuildOutput {
  throw new PodError({ code: 'unsupported', message: 'cannot read --output yet' });
}

export interface FilesOutput {
  /** The result's files: layersContext of the last stage. */
  readonly files: BuildContext;
  readonly workingDirectory: string;
  readonly standardOutput: (bytes: Uint8Array) => void;
}

/** `local` and `tar`: the files themselves. (`oci`, `docker` and `image` are sendImage with an ImageDestination.) */
export async function writeFiles(
  _output: BuildOutput & { type: 'local' | 'tar' },
  _wish: FilesOutput,
): Promise<void> {
  throw new PodError({ code: 'unsupported', message: 'cannot write files yet' });
}
