/** WORKDIR: a layer with the directory, where the layers so far have none of that name. */

import { resolveLayered } from '../../container/layered-file.ts';
import { PodError } from '../../error.ts';
import { feedApply, startApply } from '../../images/unpack/apply-job.ts';
import { type DraftRoot, discardRoot, draftRoot, placeOf } from './draft-root.ts';
import { sealRoot } from './seal-root.ts';
import { type BuildEnvironment, type ReadyStep, stageDirectories } from './step.ts';

export function workdirStep(build: BuildEnvironment, path: string): ReadyStep {
  const failing = `cannot make the directory ${path}`;
  return {
    shown: `WORKDIR ${path}`,
    text: `WORKDIR ${path}`,
    key: ['WORKDIR', path],
    async make(state) {
      const place = resolveLayered(stageDirectories(build.paths, state), path);
      if (place?.kind === 'directory') return undefined;
      if (place?.kind !== 'missing')
        throw new PodError({ code: 'invalid', message: failing, why: 'something else has that name' });
      const root = await draftRoot(build, state);
      try {
        await makeDirectory(build, root, place.path, failing);
        return await sealRoot(build, root, failing);
      } finally {
        discardRoot(root);
      }
    },
  };
}

/** Docker's: root's, 0755, whatever USER says. Those above it are made likewise. */
async function makeDirectory(
  build: BuildEnvironment,
  root: DraftRoot,
  path: string,
  failing: string,
): Promise<void> {
  const mtime = { seconds: Math.floor(Date.parse(build.now()) / 1000), nanoseconds: 0 };
  const job = startApply(placeOf(build, root), ['apply', '/'], failing);
  const name = Buffer.from(path.slice(1)).toString('latin1');
  await feedApply(job, async (ops) => ops.directory(name, { mode: 0o755, uid: 0, gid: 0, mtime }));
}
