/** One stage, from its FROM to its last instruction. */

import { PodError } from '../error.ts';
import type { Gate } from '../gate.ts';
import { cacheKey } from './cache/cache.ts';
import type { CachedStep } from './cache/entries.ts';
import type { BuildContext } from './context/build-context.ts';
import type { Dockerfile, Instruction, Stage } from './dockerfile/dockerfile.ts';
import { shortened } from './dockerfile/excerpt.ts';
import { parseTrigger } from './dockerfile/parse.ts';
import { type Resolved, resolveInstruction } from './dockerfile/resolve.ts';
import { failureOf } from './failure.ts';
import { executionOf, type StageState, withConfig, withLayer } from './stage-state.ts';
import { configStep, resolvedDirectory } from './steps/config-step.ts';
import { copyStep } from './steps/copy-step.ts';
import { runStep } from './steps/run-step.ts';
import type { BuildEnvironment, ReadyStep } from './steps/step.ts';
import { workdirStep } from './steps/workdir-step.ts';
import { declare, lookupIn } from './variables.ts';

/** What a stage needs of the build that it is in. */
export interface StageBuild extends BuildEnvironment {
  readonly dockerfile: Dockerfile;
  /** For the titles of steps: "linux/arm64 " where that isn't the only platform. */
  readonly label: string;
  /** What ARG without a value of its own means. */
  readonly globals: ReadonlyMap<string, string>;
  readonly slots: Gate;
  /** The files that COPY and ADD take, `from` as written; undefined: the build's own context. */
  filesOf(from: string | undefined, stage: Stage): Promise<BuildContext>;
  /** Whether results of this stage may come from the cache. */
  cached(stage: Stage): boolean;
}

const IS_STEP = new Set(['RUN', 'COPY', 'ADD', 'WORKDIR']);

/** Carries out the instructions over what its FROM has given. */
export async function buildStage(build: StageBuild, stage: Stage, base: StageState): Promise<StageState> {
  const { OnBuild, ...execution } = executionOf(base);
  const triggers = (OnBuild ?? []).map((text) => parseTrigger(text, stage.from.image));
  const instructions = [...triggers, ...stage.instructions];
  const count = 1 + instructions.filter(({ kind }) => IS_STEP.has(kind)).length;
  let state: StageState = { ...base, config: { ...base.config, config: execution } };
  let number = 1;
  for (const instruction of instructions) {
    build.signal.throwIfAborted();
    if (IS_STEP.has(instruction.kind)) number++;
    const title = `${stepPrefix(build, stage)}${number}/${count}]`;
    try {
      state = await carryOut({ build, stage, title }, instruction, state);
    } catch (error) {
      throw await failureOf(error, build, build.dockerfile, instruction, state);
    }
  }
  return state;
}

/** `[build 2/3]`; of the only stage, if it has no name, `[2/3]`; for one of several platforms `[linux/arm64 build 2/3]`. */
export function stepPrefix(
  { dockerfile, label }: Pick<StageBuild, 'dockerfile' | 'label'>,
  { name, index }: Stage,
): string {
  if (name === undefined && dockerfile.stages.length === 1) return `[${label}`;
  return `[${label}${name ?? `stage-${index}`} `;
}

interface Place {
  readonly build: StageBuild;
  readonly stage: Stage;
  /** `[build 2/3]` */
  readonly title: string;
}

async function carryOut(place: Place, instruction: Instruction, state: StageState): Promise<StageState> {
  const { build } = place;
  const resolved = resolveInstruction(instruction, lookupIn(state), { dockerfile: build.dockerfile });
  if (resolved.kind === 'ARG') return declareArgs(build, state, resolved);
  const changed = configStep(state, resolved);
  if (changed) return changed;
  const { before, step } = await readyStep(place, resolved, state);
  return step.key === undefined ? make(place, step, before) : fromCacheOrMade(place, step, before);
}

function declareArgs(build: StageBuild, state: StageState, resolved: Resolved & { kind: 'ARG' }): StageState {
  const declared = declare(state, resolved, build.buildArgs, build.globals);
  const text = resolved.args
    .map(({ key }) => (declared.args.has(key) ? `${key}=${declared.args.get(key)}` : key))
    .join(' ');
  return withConfig(declared, {}, `ARG ${text}`);
}

async function readyStep(
  { build, stage }: Place,
  resolved: Resolved,
  state: StageState,
): Promise<{ step: ReadyStep; before: StageState }> {
  switch (resolved.kind) {
    case 'RUN':
      return {
        step: await runStep(build, state, resolved, (from) => build.filesOf(from, stage)),
        before: state,
      };
    case 'COPY':
    case 'ADD': {
      const from = resolved.kind === 'COPY' ? resolved.from : undefined;
      const files = await build.filesOf(from, stage);
      return {
        step: await copyStep(build, state, resolved, files, build.contextEnvironment),
        before: state,
      };
    }
    case 'WORKDIR': {
      const path = resolvedDirectory(state, resolved.path);
      const config = { ...state.config, config: { ...executionOf(state), WorkingDir: path } };
      return { step: workdirStep(build, path), before: { ...state, config } };
    }
    default:
      throw new PodError({ code: 'unsupported', message: `cannot carry out ${resolved.kind}` });
  }
}

async function fromCacheOrMade(place: Place, step: ReadyStep, state: StageState): Promise<StageState> {
  const { build, stage, title } = place;
  const { sourceDateEpoch, timestamp } = build.options;
  const { architecture, variant } = state.config;
  const below = step.isLinked ? [] : state.layers;
  const key = cacheKey(below, [step.key, architecture, variant, sourceDateEpoch, timestamp]);
  let same: Promise<unknown> | undefined;
  let known: CachedStep | undefined;
  do {
    same = build.making.get(key);
    await same?.catch(() => {}); // told by whoever made it
    if (same || build.cached(stage)) known = await build.cache.find(key, step.text);
  } while (!known && build.making.get(key) !== same); // another stage has begun to make it meanwhile
  if (!known) {
    const making = make(place, step, state, key);
    build.making.set(key, making);
    return making;
  }
  build.report.step(`${title} ${oneLine(step.shown)}`, stageLabel(stage)).cached();
  return known.layer
    ? withLayer(state, known.layer, known.created, step.text)
    : withConfig(state, {}, step.text);
}

async function make(
  { build, stage, title }: Place,
  step: ReadyStep,
  state: StageState,
  key?: string,
): Promise<StageState> {
  const report = build.report.step(`${title} ${oneLine(step.shown)}`, stageLabel(stage));
  await build.cache.bring(state.layers);
  const layer = await build.slots(() => {
    build.signal.throwIfAborted();
    return report.during((telling) => step.make(state, telling));
  });
  const created = build.now();
  if (key !== undefined && build.options.layers) build.cache.put(key, { layer, created, text: step.text });
  return layer ? withLayer(state, layer, created, step.text) : withConfig(state, {}, step.text);
}

const stageLabel = ({ name, index }: Stage): string => name ?? String(index);
const oneLine = (text: string): string => shortened(text.replace(/\s+/g, ' ').trim());
