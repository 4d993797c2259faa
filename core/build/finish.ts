/** The end of a build: what it has made is stored, and brought to where it is wanted. */

import type { ImageRecord } from '../images/format/types.ts';
import { type BuiltMember, hideMembers, putBuiltList } from '../images/lists/built-list.ts';
import { type ManifestList, readList } from '../images/lists/manifest-list.ts';
import { newImageName } from '../images/new-image.ts';
import type { SentImage } from '../images/push/send-image.ts';
import { tagImage } from '../images/tag.ts';
import { formatPlatform, type Platform } from '../platform.ts';
import { annotationsOf } from './annotations.ts';
import type { BuildContext } from './context/build-context.ts';
import { foldersContext } from './context/folders.ts';
import { layersContext } from './context/layers.ts';
import { deliver, describeOutput } from './output/deliver.ts';
import { type BuildOutput, storesImage } from './output/output.ts';
import { storeResult } from './result.ts';
import type { BuildSession } from './session.ts';
import type { StageState } from './stage-state.ts';

/** What was built for one of the platforms. */
export interface PlatformResult {
  readonly platform: Platform;
  readonly state: StageState;
}

export interface Finished {
  /** Of several platforms, the list of their images; undefined where only files were wanted. */
  readonly image: ImageRecord | ManifestList | undefined;
  /** As a registry has it: its layers are compressed there. */
  readonly pushed: SentImage | undefined;
}

export async function finish(
  session: BuildSession,
  results: readonly PlatformResult[],
  outputs: readonly BuildOutput[],
): Promise<Finished> {
  const { parts, options, report } = session;
  const { paths, workingDirectory, write } = parts;
  const image = storesImage(options)
    ? await report.step('exporting to image').during(() => store(session, results))
    : undefined;
  const registry = { ...parts.registry, signal: session.signal };
  const names = options.tags.map(newImageName);
  const files = () => filesOf(session, results);
  let pushed: SentImage | undefined;
  for (const output of outputs) {
    const sent = await report
      .step(describeOutput(output))
      .during(({ notice }) =>
        deliver(output, { paths, image, names, files, workingDirectory, notice, write, registry }),
      );
    pushed = sent ?? pushed;
  }
  return { image, pushed };
}

/** Several images are stored without names: those of -t are their list's. */
async function store(
  session: BuildSession,
  results: readonly PlatformResult[],
): Promise<ImageRecord | ManifestList> {
  const { options, parts } = session;
  const { paths } = parts;
  const single = results.length === 1;
  const wish = single ? options : { ...options, tags: [] };
  const images: (ImageRecord & BuiltMember)[] = [];
  for (const { state, platform } of results) {
    const image = await storeResult(paths, state, wish, session.now(), platform);
    images.push({ ...image, annotations: annotationsOf(options, 'manifest-descriptor', platform) });
  }
  const annotations = annotationsOf(options, 'index');
  const list =
    options.manifest &&
    (await putBuiltList(paths, newImageName(options.manifest), images, { annotations, adds: true }));
  if (single) return images[0]!;
  const [name, ...others] = options.tags.map(newImageName);
  const made = name === undefined && list ? list : await putBuiltList(paths, name, images, { annotations });
  if (others.length > 0) await tagImage(paths, made, others);
  await hideMembers(paths, images);
  return readList(paths, made);
}

function filesOf(session: BuildSession, results: readonly PlatformResult[]): BuildContext {
  const { parts, directory, driver } = session;
  const { paths, host } = parts;
  const contexts = results.map(({ platform, state }): [string, BuildContext] => [
    formatPlatform(platform).replaceAll('/', '_'),
    layersContext({
      ...{ paths, host, label: 'the result', directory, driver },
      diffIds: state.layers.map(({ diffId }) => diffId),
    }),
  ]);
  return contexts.length === 1 ? contexts[0]![1] : foldersContext('the result', new Map(contexts));
}
