/** The end of a build: the image is stored, and the result is brought to where it is wanted. */

import type { ImageRecord } from '../images/format/types.ts';
import { layersContext } from './context/layers.ts';
import { deliver, describeOutput } from './output/deliver.ts';
import type { BuildOutput } from './output/output.ts';
import { storeResult } from './result.ts';
import type { BuildSession } from './session.ts';
import type { StageState } from './stage-state.ts';

export async function finish(
  session: BuildSession,
  state: StageState,
  outputs: readonly BuildOutput[],
): Promise<ImageRecord> {
  const { parts, options, report } = session;
  const { paths, host, workingDirectory, write } = parts;
  const image = await report
    .step('exporting to image')
    .during(() => storeResult(paths, state, options, session.now()));
  const files = () =>
    layersContext({
      ...{ paths, host, label: 'the result', directory: session.directory },
      diffIds: state.layers.map(({ diffId }) => diffId),
      driver: session.driver,
    });
  const registry = { ...parts.registry, signal: session.signal };
  for (const output of outputs)
    await report
      .step(describeOutput(output))
      .during(({ notice }) =>
        deliver(output, { paths, image, files, workingDirectory, notice, write, registry }),
      );
  return image;
}
