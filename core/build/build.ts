/** `build`: context and Dockerfile -> stages -> steps -> image. This file is the flow, and knows nothing else. */

import { formatPlatform } from '../platform.ts';
import { checkAnnotations } from './annotations.ts';
import { CacheLost } from './cache/cache.ts';
import { cacheField } from './cache/cache-image.ts';
import { checkOptions } from './check-build.ts';
import { checkDockerfile, checkFailure } from './checks/check.ts';
import type { Warning } from './checks/rule.ts';
import { namedContexts, openBuild } from './context/open-context.ts';
import { parseDockerfile } from './dockerfile/parse.ts';
import { type Finished, finish, type PlatformResult } from './finish.ts';
import { checkReferences, neededStages, targetStage } from './graph.ts';
import type { BuildOptions } from './options.ts';
import { checkOutputs } from './output/check-outputs.ts';
import { parseOutput } from './output/output.ts';
import { platformsOf } from './platforms.ts';
import { refuseUnmet } from './refused.ts';
import { type BuildSession, beginSession, type SessionParts } from './session.ts';
import type { StageState } from './stage-state.ts';
import { type StageBuilder, stageBuilder } from './stages.ts';
import { checkSecrets } from './steps/mount-secret.ts';
import { checkAgents } from './steps/mount-ssh.ts';
import { squashAsAsked } from './steps/squash.ts';

export interface BuiltImage extends Finished {
  /** Of docker's checks. */
  readonly warnings: readonly Warning[];
}

/** Builds what the options ask for. Nothing half-made is left, however it ends. */
export async function buildImage(options: BuildOptions, parts: SessionParts): Promise<BuiltImage> {
  refuseUnmet(options);
  const outputs = options.outputs.flatMap((text) => parseOutput(text) ?? []);
  checkOutputs(outputs, options, parts);
  checkAnnotations(options);
  checkSecrets(options, parts);
  checkAgents(options, parts);
  const contexts = namedContexts(options.buildContexts);
  const platforms = platformsOf(options);
  const session = beginSession(options, parts);
  try {
    const opened = await session.report
      .step('[internal] load build definition and context')
      .during(() => openBuild(options, session.contextEnvironment));
    const dockerfile = parseDockerfile(opened.dockerfile.text, opened.dockerfile.name);
    checkReferences(dockerfile, new Set(contexts.keys()));
    const warnings = checkDockerfile(dockerfile, checkOptions(session, opened));
    const failure = checkFailure(dockerfile, warnings);
    if (failure) throw failure;
    const target = targetStage(dockerfile, options.target);
    const states = await untilNoCacheIsLost(session, () => {
      const builders = platforms.map((platform) => {
        const label = platforms.length > 1 ? `${formatPlatform(platform)} ` : '';
        return stageBuilder(session, dockerfile, opened.context, {
          ...{ stage: target, platform, contexts, label },
        });
      });
      for (const stages of builders)
        for (const stage of neededStages(dockerfile, target, stages.imageOf)) stages.begin(stage);
      return { builders, states: Promise.all(builders.map(({ result }) => result(target))) };
    });
    const results: PlatformResult[] = [];
    for (const [at, platform] of platforms.entries()) {
      const state = await squashAsAsked(session, states[at]!);
      results.push({ platform, state: withInlineCache(session, state) });
    }
    await session.settle();
    const finished = await finish(session, results, outputs);
    if (session.cacheTargets.length > 0) {
      const { exportCache } = await import('./cache/export-cache.ts');
      for (const to of session.cacheTargets) await exportCache(session, to, states);
    }
    return { ...finished, warnings };
  } catch (error) {
    session.abort(error);
    throw error;
  } finally {
    await session.end();
  }
}

/** What was built upon a layer that a shared cache doesn't have after all is built anew, without such caches. */
async function untilNoCacheIsLost(
  { cache }: BuildSession,
  begin: () => { builders: readonly StageBuilder[]; states: Promise<StageState[]> },
): Promise<StageState[]> {
  const { builders, states } = begin();
  try {
    return await states;
  } catch (error) {
    if (!(error instanceof CacheLost)) throw error;
    await cache.forgetShared();
    await Promise.all(builders.map(({ idle }) => idle()));
    return begin().states;
  }
}

/** --cache-to type=inline: the image itself says which steps have led to its layers. */
function withInlineCache({ cache, cacheTargets }: BuildSession, state: StageState): StageState {
  if (cacheTargets.every(({ reference }) => reference !== undefined)) return state;
  const diffIds = state.layers.map(({ diffId }) => diffId);
  return { ...state, config: { ...state.config, ...cacheField(cache.steps, diffIds) } };
}
