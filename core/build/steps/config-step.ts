/** Instructions that change the config and no file. */

import { posix } from 'node:path';
import { signalNumber } from '../../container/signals.ts';
import type { ExecutionConfig } from '../../images/format/types.ts';
import type { Command, Pair } from '../dockerfile/dockerfile.ts';
import { exposedPorts } from '../dockerfile/ports.ts';
import type { Resolved } from '../dockerfile/resolve.ts';
import { executionOf, type StageState, withConfig } from '../stage-state.ts';

const DEFAULT_SHELL = ['/bin/sh', '-c'];

/** What a command in shell or exec form runs. */
export function argvOf(command: Command, { Shell }: ExecutionConfig): string[] {
  return command.form === 'exec' ? [...command.argv] : [...(Shell ?? DEFAULT_SHELL), command.line];
}

const keys = (names: readonly string[]): Record<string, object> =>
  Object.fromEntries(names.map((name) => [name, {}]));

/** A variable that is there keeps its place. */
function withVariables(env: readonly string[], pairs: readonly Pair[]): string[] {
  const result = [...env];
  for (const { key, value } of pairs) {
    const at = result.findIndex((variable) => variable.startsWith(`${key}=`));
    result.splice(at < 0 ? result.length : at, at < 0 ? 0 : 1, `${key}=${value}`);
  }
  return result;
}

const asText = (pairs: readonly Pair[]): string => pairs.map(({ key, value }) => `${key}=${value}`).join(' ');

/** WORKDIR's path, absolute. */
export function resolvedDirectory(state: StageState, path: string): string {
  return posix.resolve('/', executionOf(state).WorkingDir ?? '', path);
}

/**
 * Carries out an instruction that needs nothing but the config; undefined: it is another one (RUN, COPY, ADD, WORKDIR's
 * directory, ARG's values). Throws PodError `invalid` for a signal or port that is none.
 */
export function configStep(state: StageState, step: Resolved): StageState | undefined {
  const config = executionOf(state);
  switch (step.kind) {
    case 'ENV':
      return withConfig(
        state,
        { Env: withVariables(config.Env ?? [], step.pairs) },
        `ENV ${asText(step.pairs)}`,
      );
    case 'LABEL': {
      const labels = Object.fromEntries(step.pairs.map(({ key, value }) => [key, value]));
      return withConfig(state, { Labels: { ...config.Labels, ...labels } }, `LABEL ${asText(step.pairs)}`);
    }
    case 'CMD': {
      const argv = argvOf(step.command, config);
      return { ...withConfig(state, { Cmd: argv }, `CMD ${JSON.stringify(argv)}`), ownCommand: true };
    }
    case 'ENTRYPOINT': {
      const argv = argvOf(step.command, config);
      const text = `ENTRYPOINT ${JSON.stringify(argv)}`;
      // A base image's command was for its own entrypoint.
      return withConfig(state, { Entrypoint: argv, ...(!state.ownCommand && { Cmd: null }) }, text);
    }
    case 'EXPOSE': {
      const ports = exposedPorts(step.ports);
      return withConfig(
        state,
        { ExposedPorts: { ...config.ExposedPorts, ...keys(ports) } },
        `EXPOSE [${ports.join(' ')}]`,
      );
    }
    case 'VOLUME':
      return withConfig(
        state,
        { Volumes: { ...config.Volumes, ...keys(step.paths) } },
        `VOLUME [${step.paths.join(' ')}]`,
      );
    case 'USER':
      return withConfig(state, { User: step.user }, `USER ${step.user}`);
    case 'STOPSIGNAL':
      signalNumber(step.signal); // throws where there is none
      return withConfig(state, { StopSignal: step.signal }, `STOPSIGNAL ${step.signal}`);
    case 'SHELL':
      return withConfig(state, { Shell: [...step.shell] }, `SHELL [${step.shell.join(' ')}]`);
    case 'HEALTHCHECK': {
      const { Test, ...times } = step.check;
      return withConfig(
        state,
        { Healthcheck: { Test: [...Test], ...times } },
        `HEALTHCHECK ${JSON.stringify(step.check)}`,
      );
    }
    case 'ONBUILD':
      return withConfig(state, { OnBuild: [...(config.OnBuild ?? []), step.text] }, `ONBUILD ${step.text}`);
    case 'MAINTAINER':
      return {
        ...withConfig(state, {}, `MAINTAINER ${step.maintainer}`),
        config: { ...state.config, author: step.maintainer },
      };
    default:
      return undefined;
  }
}
