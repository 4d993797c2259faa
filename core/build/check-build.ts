/** `build --check`: what docker's checks say of a Dockerfile; nothing is built. */

import { resolveImage } from '../images/find.ts';
import { checkDockerfile } from './checks/check.ts';
import type { CheckOptions, Warning } from './checks/rule.ts';
import { type OpenedBuild, openBuild } from './context/open-context.ts';
import type { Dockerfile } from './dockerfile/dockerfile.ts';
import { parseDockerfile } from './dockerfile/parse.ts';
import type { BuildOptions } from './options.ts';
import { type BuildSession, beginSession, type SessionParts } from './session.ts';

export interface CheckedBuild {
  readonly dockerfile: Dockerfile;
  readonly warnings: readonly Warning[];
}

export async function checkBuild(options: BuildOptions, parts: SessionParts): Promise<CheckedBuild> {
  const session = beginSession(options, parts);
  try {
    const opened = await openBuild(options, session.contextEnvironment);
    const dockerfile = parseDockerfile(opened.dockerfile.text, opened.dockerfile.name);
    return { dockerfile, warnings: checkDockerfile(dockerfile, checkOptions(session, opened)) };
  } finally {
    await session.end();
  }
}

/** What checks may look at: images that are in the store are asked for their variables. */
export function checkOptions({ buildArgs, parts }: BuildSession, { ignore }: OpenedBuild): CheckOptions {
  const known = new Map<string, readonly string[] | undefined>();
  return {
    buildArgs,
    ...(ignore && { ignore }),
    environmentOf: (image) => {
      if (!known.has(image)) known.set(image, variablesOf(parts, image));
      return known.get(image);
    },
  };
}

function variablesOf({ paths }: SessionParts, image: string): readonly string[] | undefined {
  try {
    const found = resolveImage(paths, image);
    return found && (found.config.config?.Env ?? []);
  } catch {
    return undefined; // what is wrong with it is told by who builds
  }
}
