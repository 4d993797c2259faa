/** What all steps of a build have in common. */

import { join } from 'node:path';
import type { DriverName } from '../../../rootless/overlay/driver.ts';
import type { HostFacts } from '../../container/facts.ts';
import type { Paths } from '../../paths.ts';
import type { BuildCache } from '../cache/cache.ts';
import type { ContextEnvironment } from '../context/open-context.ts';
import type { BuildOptions } from '../options.ts';
import type { Report, StepTelling } from '../report.ts';
import type { StageLayer, StageState } from '../stage-state.ts';

/** What a build knows from its beginning to its end. */
export interface BuildEnvironment {
  /** Those of the store, but `containers`: there its steps are, hidden. */
  readonly paths: Paths;
  readonly host: HostFacts;
  readonly options: BuildOptions;
  /** The caller's variables. */
  readonly environment: NodeJS.ProcessEnv;
  readonly buildArgs: ReadonlyMap<string, string>;
  /** Hidden, removed with the build; what a killed one leaves is found by its maker's identity in the name. */
  readonly directory: string;
  /** Of sockets and secrets: short, gone after a reboot. Made when it is needed. */
  readonly runtime: string;
  /** What -f, folders and secrets are relative to, and how contexts are opened. */
  readonly contextEnvironment: ContextEnvironment;
  readonly report: Report;
  /** Aborted when the build is to end: ^C, or another step has failed. */
  readonly signal: AbortSignal;
  readonly cache: BuildCache;
  /** Steps that are under way, by their key: the same one of another platform waits, and takes what was made. */
  readonly making: Map<string, Promise<unknown>>;
  /** How roots are mounted; found once. */
  driver(): Promise<DriverName>;
  /** RFC 3339: what is made now is of this time. */
  now(): string;
  /** Work that goes on behind the next steps, and must be done before the build's end: writing to the disk. */
  later(work: Promise<unknown>): void;
  /** When all of that is done. */
  settle(): Promise<void>;
}

/** An instruction that is ready to be carried out: everything is expanded and looked up, nothing is done yet. */
export interface ReadyStep {
  /** As the progress shows it: the Dockerfile's own words. */
  readonly shown: string;
  /** As the history has it. */
  readonly text: string;
  /** What its result depends on beside the layers below it; undefined: it is never taken from the cache. */
  readonly key: readonly unknown[] | undefined;
  /** COPY --link: the result doesn't depend on the layers below it, and goes on top of whatever they are. */
  readonly isLinked?: boolean;
  /** Makes the layer. Rejects with PodError; nothing is left then. */
  make(state: StageState, telling: StepTelling): Promise<StageLayer | undefined>;
}

/** The directories of a stage's layers, the topmost first: what `layered-file.ts` reads from. */
export function stageDirectories(paths: Pick<Paths, 'layers'>, { layers }: StageState): string[] {
  return layers.map(({ diffId }) => join(paths.layers, hexOf(diffId), 'fs')).reverse();
}

export const hexOf = (diffId: string): string => diffId.slice(diffId.indexOf(':') + 1);
