/** What all steps of a build have in common. */

import type { HostFacts } from '../../container/facts.ts';
import type { Paths } from '../../paths.ts';
import type { BuildListener, BuildStep } from '../events.ts';
import type { BuildOptions } from '../options.ts';
import type { StageState } from '../stage-state.ts';

/** What a build knows from its beginning to its end. */
export interface BuildEnvironment {
  readonly paths: Paths;
  readonly host: HostFacts;
  readonly options: BuildOptions;
  /** The caller's variables. */
  readonly environment: NodeJS.ProcessEnv;
  /** Hidden, removed with the build; what a killed one leaves is found by its maker's identity in the name. */
  readonly directory: string;
  readonly tell: BuildListener;
  /** Aborted when the build is to end: ^C, or another step has failed. */
  readonly signal: AbortSignal;
}

/** Where a step stands, for its cache key and for errors. */
export interface StepPlace {
  readonly step: BuildStep;
  /** The instruction as the history shows it, expanded. */
  readonly text: string;
  /** Of the Dockerfile, from 1. */
  readonly line: number;
}

/**
 * An instruction that is ready to be carried out: everything is expanded and looked up, nothing is done yet.
 * `key` is what its result depends on beside the state before it, as text; undefined: it is never taken from the cache.
 */
export interface ReadyStep {
  readonly place: StepPlace;
  readonly key: string | undefined;
  /** Does it. Rejects with PodError; nothing is left then. */
  run(state: StageState): Promise<StageState>;
}
