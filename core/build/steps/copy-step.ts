/** COPY and ADD: what is selected of a context is written into a root, which becomes a layer. */

import { readLayeredFile } from '../../container/layered-file.ts';
import type { BuildContext } from '../context/build-context.ts';
import type { ContextEnvironment } from '../context/open-context.ts';
import { addSources } from '../copy/add-sources.ts';
import { applyCopy, ownerOf } from '../copy/apply-copy.ts';
import { foundSelection, knownSelection } from '../copy/known-selection.ts';
import type { Selection } from '../copy/selection.ts';
import type { AddInstruction, CopyInstruction } from '../dockerfile/dockerfile.ts';
import { type StageState, workingDirectoryOf } from '../stage-state.ts';
import { discardRoot, draftRoot, placeOf, upperOf } from './draft-root.ts';
import { sealRoot } from './seal-root.ts';
import { type BuildEnvironment, type ReadyStep, stageDirectories } from './step.ts';

/** `context`: what COPY --from means, or the build's own. Finds and hashes what is to be copied. */
export async function copyStep(
  build: BuildEnvironment,
  state: StageState,
  instruction: CopyInstruction | AddInstruction,
  context: BuildContext,
  environment: ContextEnvironment,
): Promise<ReadyStep> {
  const { find, hash, several } =
    instruction.kind === 'COPY'
      ? await knownSelection(environment.memory, context, instruction)
      : foundSelection(await addSources(context, instruction, environment));
  const { destination, chmod, kind, link } = instruction;
  const workingDirectory = workingDirectoryOf(state);
  const chown = link ? await numericOwner(build, state, instruction.chown) : instruction.chown;
  return {
    shown: instruction.original,
    text: historyText(instruction),
    key: [kind, hash, several, destination, chown, chmod, workingDirectory],
    isLinked: link,
    make: async (state) => {
      const below = link ? { ...state, layers: [] } : state;
      return copy(build, below, await find(), { ...instruction, ...(chown && { chown }) });
    },
  };
}

/** Of --link: the layer may depend on nothing of those below it, and so not on their names of users. */
async function numericOwner(
  { paths, cache }: BuildEnvironment,
  state: StageState,
  chown: string | undefined,
): Promise<string | undefined> {
  if (!chown) return chown;
  await cache.bring(state.layers);
  const { uid, gid } = ownerOf(chown, (path) => readLayeredFile(stageDirectories(paths, state), path));
  return `${uid}:${gid}`;
}

/** As docker's builder writes it. */
function historyText({ kind, chown, chmod, link, sources, destination }: CopyInstruction | AddInstruction) {
  const words = sources.map((source) => (source.kind === 'path' ? source.path : `<<${source.heredoc.name}`));
  const flags = [chown && `--chown=${chown}`, chmod && `--chmod=${chmod}`, link && '--link'];
  return [kind, ...flags.filter(Boolean), ...words, destination, '# buildkit'].join(' ');
}

async function copy(
  build: BuildEnvironment,
  state: StageState,
  selection: Selection,
  { destination, chown, chmod, original }: CopyInstruction | AddInstruction,
) {
  const root = await draftRoot(build, state);
  try {
    const target = {
      place: () => placeOf(build, root),
      root: '/',
      layers: [upperOf(root), ...stageDirectories(build.paths, state)],
    };
    const time = Math.floor(Date.parse(build.now()) / 1000);
    const workingDirectory = workingDirectoryOf(state);
    const notices = await applyCopy(selection, target, { destination, workingDirectory, chown, chmod, time });
    notices.forEach(build.report.notice);
    return await sealRoot(build, root, `cannot store the files of ${original}`);
  } finally {
    discardRoot(root);
  }
}
