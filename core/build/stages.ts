/** The stages of a build, each built once, when it is first asked for or begun. */

import { resolveImage } from '../images/find.ts';
import { formatPlatform, type Platform, parsePlatform } from '../platform.ts';
import { emptyState, stateOfImage, stateOfStage } from './base.ts';
import { CacheLost } from './cache/cache.ts';
import type { BuildContext } from './context/build-context.ts';
import { layersContext } from './context/layers.ts';
import type { NamedContext } from './context/open-context.ts';
import type { Dockerfile, Stage } from './dockerfile/dockerfile.ts';
import { parseTrigger } from './dockerfile/parse.ts';
import { resolveInstruction } from './dockerfile/resolve.ts';
import { baseStageOf, stageOf } from './graph.ts';
import type { BuildSession } from './session.ts';
import { buildStage, type StageBuild, stepPrefix } from './stage.ts';
import type { StageState } from './stage-state.ts';
import { globalVariables, platformArgs } from './variables.ts';

/** What is built: the last stage that is wanted, for one platform. */
export interface BuildTarget {
  readonly stage: Stage;
  readonly platform: Platform;
  /** Those of --build-context. */
  readonly contexts: ReadonlyMap<string, NamedContext>;
  /** Of several platforms, which: "linux/arm64 ", for the titles of steps; else nothing. */
  readonly label: string;
}

export interface StageBuilder {
  /** The image that a stage begins with, its variables expanded. */
  imageOf(stage: Stage): string;
  /** Begins it, unless it was begun. Its failure is told by who waits for it. */
  begin(stage: Stage): void;
  /** With its layers in the store. */
  result(stage: Stage): Promise<StageState>;
  /** When nothing of what was begun goes on. */
  idle(): Promise<void>;
}

export function stageBuilder(
  session: BuildSession,
  dockerfile: Dockerfile,
  context: BuildContext,
  { stage: target, platform, contexts, label }: BuildTarget,
): StageBuilder {
  const { options } = session;
  const args = platformArgs(platform, target.name ?? String(target.index));
  const globals = globalVariables(dockerfile, session.buildArgs, args);
  const states = new Map<Stage, Promise<StageState>>();
  const bases = new Map<Stage, { image: string; platform?: string | undefined }>();
  const files = new Map<string, Promise<BuildContext>>();

  const baseOf = (stage: Stage) => {
    const known = bases.get(stage);
    if (known) return known;
    const from = resolveInstruction(stage.from, (name) => globals.get(name), { dockerfile });
    if (from.kind !== 'FROM') throw new Error('FROM became something else');
    const base = { image: from.image, platform: from.platform };
    bases.set(stage, base);
    return base;
  };

  const opened = async (label: string, state: Promise<StageState>): Promise<BuildContext> => {
    const { paths, host, directory, driver } = session;
    const diffIds = (await state).layers.map(({ diffId }) => diffId);
    return layersContext({ paths, host, label, diffIds, directory, driver });
  };

  /** Of a stage or an image, each looked for once. */
  const filesOfLayers = (key: string, label: string, find: () => Promise<StageState>) => {
    const known = files.get(key) ?? opened(label, find());
    files.set(key, known);
    return known;
  };

  const build: StageBuild = {
    ...session,
    ...{ dockerfile, globals, label },
    cached: ({ name }) => !options.noCache && !options.noCacheFilter.includes(name ?? ''),
    async filesOf(from, stage) {
      if (from === undefined) return context;
      const named = contexts.get(from.toLowerCase());
      if (named?.kind === 'context') return named.open(session.contextEnvironment);
      if (named) return filesOfImage(named.image);
      const other = stageOf(dockerfile, from, stage.index);
      if (other) return filesOfLayers(`stage ${other.index}`, `stage ${from}`, () => here(other));
      return filesOfImage(from);
    },
  };

  const filesOfImage = (image: string): Promise<BuildContext> =>
    filesOfLayers(`image ${image}`, `the image ${image}`, () =>
      imageState(image, platform, `[internal] load ${image}`),
    );

  const imageState = async (image: string, wanted: Platform, title: string, stage?: string) => {
    const report = session.report.step(title, stage);
    const asked = options.platforms.length > 0 || wanted !== platform ? formatPlatform(wanted) : undefined;
    const here =
      options.pull === 'missing' && asked === undefined ? resolveImage(session.paths, image) : undefined;
    if (here) {
      report.cached();
      return stateOfImage(here);
    }
    return stateOfImage(await report.during((telling) => session.obtain(image, asked, telling)));
  };

  const begun = async (stage: Stage): Promise<StageState> => {
    const written = baseOf(stage);
    const named = contexts.get(written.image.toLowerCase());
    const wanted = written.platform === undefined ? platform : parsePlatform(written.platform);
    if (named?.kind === 'context') {
      const all = parseTrigger(`COPY --from=${written.image} / /`, written.image);
      return buildStage(build, { ...stage, instructions: [all, ...stage.instructions] }, emptyState(wanted));
    }
    const base = named ? { ...written, image: named.image } : written;
    const other = named ? undefined : baseStageOf(dockerfile, base.image, stage.index);
    if (other) return buildStage(build, stage, stateOfStage(await result(other)));
    if (base.image === 'scratch') return buildStage(build, stage, emptyState(wanted));
    const count = 1 + stage.instructions.filter(({ kind }) => /^(RUN|COPY|ADD|WORKDIR)$/.test(kind)).length;
    const title = `${stepPrefix(build, stage)}1/${count}] FROM ${base.image}`;
    return buildStage(
      build,
      stage,
      await imageState(base.image, wanted, title, stage.name ?? String(stage.index)),
    );
  };

  const here = async (stage: Stage): Promise<StageState> => {
    const state = await result(stage);
    await session.cache.bring(state.layers);
    return state;
  };

  const result = (stage: Stage): Promise<StageState> => {
    let state = states.get(stage);
    if (!state) {
      state = begun(stage);
      state.catch((error) => error instanceof CacheLost || session.abort(error)); // the others need not go on
      states.set(stage, state);
    }
    return state;
  };

  return {
    imageOf: (stage) => baseOf(stage).image,
    begin: (stage) => void result(stage),
    result: here,
    idle: async () => void (await Promise.allSettled(states.values())),
  };
}
