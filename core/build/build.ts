/** `build`: context and Dockerfile -> stages -> steps -> image. This file is the flow, and knows nothing else. */

import type { ImageRecord } from '../images/format/types.ts';
import type { ManifestList } from '../images/lists/manifest-list.ts';
import { formatPlatform } from '../platform.ts';
import { checkOptions } from './check-build.ts';
import { checkDockerfile, checkFailure } from './checks/check.ts';
import type { Warning } from './checks/rule.ts';
import { namedContexts, openBuild } from './context/open-context.ts';
import { parseDockerfile } from './dockerfile/parse.ts';
import { finish, type PlatformResult } from './finish.ts';
import { checkReferences, neededStages, targetStage } from './graph.ts';
import type { BuildOptions } from './options.ts';
import { checkOutputs } from './output/check-outputs.ts';
import { parseOutput } from './output/output.ts';
import { platformsOf } from './platforms.ts';
import { refuseUnmet } from './refused.ts';
import { beginSession, type SessionParts } from './session.ts';
import { stageBuilder } from './stages.ts';
import { checkSecrets } from './steps/mount-secret.ts';
import { checkAgents } from './steps/mount-ssh.ts';
import { squashAsAsked } from './steps/squash.ts';

export interface BuiltImage {
  /** Of several platforms, the list of their images; undefined where only files were wanted. */
  readonly image: ImageRecord | ManifestList | undefined;
  /** Of docker's checks. */
  readonly warnings: readonly Warning[];
}

/** Builds what the options ask for. Nothing half-made is left, however it ends. */
export async function buildImage(options: BuildOptions, parts: SessionParts): Promise<BuiltImage> {
  refuseUnmet(options);
  const outputs = options.outputs.flatMap((text) => parseOutput(text) ?? []);
  checkOutputs(outputs, options, parts);
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
    const builders = platforms.map((platform) => {
      const label = platforms.length > 1 ? `${formatPlatform(platform)} ` : '';
      return stageBuilder(session, dockerfile, opened.context, { stage: target, platform, contexts, label });
    });
    for (const stages of builders)
      for (const stage of neededStages(dockerfile, target, stages.imageOf)) stages.begin(stage);
    const states = await Promise.all(builders.map(({ result }) => result(target)));
    const results: PlatformResult[] = [];
    for (const [at, platform] of platforms.entries())
      results.push({ platform, state: await squashAsAsked(session, states[at]!) });
    await session.settle();
    return { image: await finish(session, results, outputs), warnings };
  } catch (error) {
    session.abort(error);
    throw error;
  } finally {
    await session.end();
  }
}
