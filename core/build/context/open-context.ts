/** What stands behind the word that `build` gets: a folder, `-`, an archive, a URL, a repository. */

import { PodError } from '../../error.ts';
import type { BuildContext } from './build-context.ts';

export interface ContextEnvironment {
  /** A folder of the build's own, for what is cloned, downloaded and unpacked; the build removes it. */
  readonly directory: string;
  /** What -f and folders are relative to. */
  readonly workingDirectory: string;
  /** The caller's variables: PATH, proxies, SSH_AUTH_SOCK. */
  readonly environment: NodeJS.ProcessEnv;
  readonly input: () => AsyncIterable<Uint8Array>;
  readonly signal: AbortSignal;
  /** How far a download or clone has come; bytes, total 0 where unknown. */
  readonly progress?: (what: string, current: number, total: number, done: boolean) => void;
}

export interface OpenedBuild {
  /** .dockerignore (or NAME.dockerignore) is in force. */
  readonly context: BuildContext;
  /** `name` as errors and checks call it. */
  readonly dockerfile: { readonly name: string; readonly text: string };
}

/**
 * Opens the context of a build and finds its Dockerfile: -f relative to the working directory, else to the context;
 * without -f `Dockerfile`, then `Containerfile`. Errors: PodError `not-found`, `network`, `missing` (git), `invalid`.
 */
export async function openBuild(
  _wish: { context: string; file?: string | undefined },
  _environment: ContextEnvironment,
): Promise<OpenedBuild> {
  throw new PodError({ code: 'unsupported', message: 'cannot open a context yet' });
}

/** What `--build-context NAME=VALUE` names: an image is the executor's to obtain, all else is a context to be opened. */
export type NamedContext =
  | { readonly kind: 'image' /** As FROM takes it: a reference or `oci:path:tag`. */; readonly image: string }
  | { readonly kind: 'context'; open(environment: ContextEnvironment): Promise<BuildContext> };

/** Throws PodError `usage`. */
export function parseBuildContext(_text: string): { name: string; found: NamedContext } {
  throw new PodError({ code: 'unsupported', message: 'cannot read --build-context yet' });
}
