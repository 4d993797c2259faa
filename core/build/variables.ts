/** What variables mean where: build args, ARGs before the first FROM, platforms, and a stage's own ENV and ARG. */

import { PodError } from '../error.ts';
import { formatPlatform, hostPlatform, type Platform } from '../platform.ts';
import { printable } from '../reference.ts';
import type { ArgInstruction, Dockerfile } from './dockerfile/dockerfile.ts';
import type { Lookup } from './dockerfile/expand.ts';
import { type ResolveOptions, resolveInstruction } from './dockerfile/resolve.ts';
import type { BuildOptions } from './options.ts';
import { executionOf, type StageState } from './stage-state.ts';

/** Build args that RUN sees though no ARG declares them; they are not in the history or a cache key. Dockerfile reference, "Predefined ARGs". */
const PREDEFINED = /^(?:https?_proxy|ftp_proxy|no_proxy|all_proxy)$/i;

const EPOCH = 'SOURCE_DATE_EPOCH';

type Asked = Pick<BuildOptions, 'buildArgs' | 'sourceDateEpoch' | 'timestamp'>;

/** `--build-arg NAME=VALUE`; `NAME` is the caller's own, if it is set. Those who ask for SOURCE_DATE_EPOCH get what is in force. */
export function readBuildArgs(options: Asked, environment: NodeJS.ProcessEnv): Map<string, string> {
  const epoch = options.sourceDateEpoch;
  const result = new Map<string, string>(epoch === undefined ? [] : [[EPOCH, String(epoch)]]);
  for (const arg of options.buildArgs) {
    const equals = arg.indexOf('=');
    const value = equals < 0 ? environment[arg] : arg.slice(equals + 1);
    if (value !== undefined) result.set(equals < 0 ? arg : arg.slice(0, equals), value);
  }
  return result;
}

/**
 * Seconds since 1970 that nothing is newer than: the flag's, else the build arg's, else the caller's variable's, as docker's
 * client and buildah take them. Throws PodError `usage` for what isn't one (reproducible-builds.org, SOURCE_DATE_EPOCH).
 */
export function sourceDateEpoch(options: Asked, environment: NodeJS.ProcessEnv): number | undefined {
  if (options.sourceDateEpoch !== undefined) return options.sourceDateEpoch;
  const given = readBuildArgs(options, environment).get(EPOCH);
  const value = given ?? (options.timestamp === undefined ? environment[EPOCH] : undefined);
  if (!value) return undefined;
  if (/^\d{1,11}$/.test(value)) return Number(value);
  const message = `cannot use ${EPOCH}=${printable(value)}`;
  throw new PodError({ code: 'usage', message, why: 'it takes whole seconds since 1970' });
}

/** TARGETPLATFORM and the like. Dockerfile reference, "Automatic platform ARGs in the global scope". */
export function platformArgs(target: Platform, stage: string): Map<string, string> {
  const all = new Map([['TARGETSTAGE', stage]]);
  for (const [prefix, platform] of [
    ['TARGET', target],
    ['BUILD', hostPlatform()],
  ] as const) {
    all.set(`${prefix}PLATFORM`, formatPlatform(platform));
    all.set(`${prefix}OS`, platform.os);
    all.set(`${prefix}ARCH`, platform.architecture);
    all.set(`${prefix}VARIANT`, platform.variant ?? '');
  }
  return all;
}

/** What FROM lines see: the platforms, and the ARGs before the first of them. */
export function globalVariables(
  dockerfile: Dockerfile,
  buildArgs: ReadonlyMap<string, string>,
  platforms: ReadonlyMap<string, string>,
): Map<string, string> {
  const known = new Map(platforms);
  for (const instruction of dockerfile.globalArgs) {
    for (const { key, value } of resolvedArgs(instruction, (name) => known.get(name), { dockerfile })) {
      const chosen = buildArgs.get(key) ?? value;
      if (chosen !== undefined) known.set(key, chosen);
    }
  }
  return known;
}

/** A stage's ARG: the build arg, else its own default, else what stands before the first FROM. */
export function declare(
  state: StageState,
  instruction: ArgInstruction,
  buildArgs: ReadonlyMap<string, string>,
  globals: ReadonlyMap<string, string>,
): StageState {
  const args = new Map(state.args);
  for (const { key, value } of instruction.args) {
    const chosen = buildArgs.get(key) ?? value ?? globals.get(key);
    if (chosen === undefined) args.delete(key);
    else args.set(key, chosen);
  }
  return { ...state, args };
}

function resolvedArgs(instruction: ArgInstruction, lookup: Lookup, options: ResolveOptions) {
  return (resolveInstruction(instruction, lookup, options) as ArgInstruction).args;
}

/** ENV wins over ARG, wherever each stands. */
export function lookupIn(state: StageState): Lookup {
  const env = environmentOf(state);
  return (name) => env.get(name) ?? state.args.get(name);
}

export function environmentOf(state: StageState): Map<string, string> {
  return new Map(
    (executionOf(state).Env ?? []).map((variable) => {
      const equals = variable.indexOf('=');
      return equals < 0 ? [variable, ''] : [variable.slice(0, equals), variable.slice(equals + 1)];
    }),
  );
}

export interface RunVariables {
  /** `NAME=VALUE` of the ARGs that the command sees: part of its history and of its cache key. */
  readonly declared: string[];
  /** Proxies: neither. */
  readonly predefined: string[];
}

export function runVariables(state: StageState, buildArgs: ReadonlyMap<string, string>): RunVariables {
  const env = environmentOf(state);
  const declared = [...state.args].filter(([name]) => !env.has(name));
  const predefined = [...buildArgs].filter(
    ([name]) => PREDEFINED.test(name) && !env.has(name) && !state.args.has(name),
  );
  const asText = ([name, value]: [string, string]): string => `${name}=${value}`;
  return { declared: declared.map(asText), predefined: predefined.map(asText) };
}
