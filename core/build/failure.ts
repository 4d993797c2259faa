/** A step that has failed, as its user needs it told. */

import { PodError } from '../error.ts';
import type { Dockerfile, Instruction } from './dockerfile/dockerfile.ts';
import { DockerfilePlace, excerptOf } from './dockerfile/refusal.ts';
import { storeResult } from './result.ts';
import type { StageState } from './stage-state.ts';
import type { BuildEnvironment } from './steps/step.ts';

/** A command of the Dockerfile's has failed: who wants to know why wants to look around where it ran. */
export class CommandFailure extends PodError {}

/** The error with its place (`excerptOf`), and of a command with the way into the files that it had before it. */
export async function failureOf(
  error: unknown,
  build: BuildEnvironment,
  dockerfile: Pick<Dockerfile, 'name' | 'text'>,
  { line }: Instruction,
  before: StageState,
): Promise<unknown> {
  if (!(error instanceof PodError) || error.code === 'interrupted' || excerptOf(error)) return error;
  const { code, message, why, hint, exitCode } = error;
  const advice = hint ?? (error instanceof CommandFailure ? await wayIn(build, before) : undefined);
  const cause = new DockerfilePlace(dockerfile, line, error);
  return new PodError({
    code,
    message,
    exitCode,
    why,
    hint: advice,
    cause,
  });
}

/** A command that opens a shell there. The state is kept as an image without a name, which `image prune` removes. */
async function wayIn(build: BuildEnvironment, before: StageState): Promise<string | undefined> {
  try {
    await build.settle();
    const options = { ...build.options, tags: [], labels: [], annotations: [] };
    const { id } = await storeResult(build.paths, before, options, build.now());
    return `tsc-pod run --rm -it --entrypoint /bin/sh ${id.slice(0, 12)}   # a shell in the files before this step`;
  } catch {
    return undefined; // a full disk; what has failed is told
  }
}
