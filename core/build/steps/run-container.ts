/** A container of this engine for one RUN: made by the functions of `run`, in the build's own directory. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { lstatSync, mkdirSync, rmdirSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { decide } from '../../container/decide.ts';
import { launchPlan } from '../../container/launch-plan.ts';
import { newId } from '../../container/name.ts';
import type { ContainerOptions } from '../../container/options.ts';
import { writePlan } from '../../container/plan-file.ts';
import { layerDirectories, makeRoot } from '../../container/root.ts';
import { runMode } from '../../container/start-mode.ts';
import { containerDirectory, newRuntimeDirectory } from '../../container/store.ts';
import { PodError } from '../../error.ts';
import type { ImageRecord } from '../../images/format/types.ts';
import { launcherPath } from '../../launcher.ts';
import { writeFile } from '../../write-file.ts';
import type { StepTelling } from '../report.ts';
import type { StageState } from '../stage-state.ts';
import type { DraftRoot } from './draft-root.ts';
import type { BuildEnvironment } from './step.ts';

export interface RunOutcome {
  readonly root: DraftRoot;
  /** As `run` gives it: 126 or 127 too where it could not be started, which is then told on its standard error. */
  readonly exitCode: number;
}

/** Runs it to its end. `targets`: where else something is mounted. Rejects with the build's reason when that is interrupted. */
export async function runContainerOf(
  build: BuildEnvironment,
  state: StageState,
  options: ContainerOptions,
  targets: readonly string[],
  telling: StepTelling,
): Promise<RunOutcome> {
  const { paths, host, environment, signal } = build;
  const id = newId();
  const directory = containerDirectory(paths, id);
  mkdirSync(directory, { mode: 0o700 });
  const draft = { kind: 'container' as const, id, name: id.slice(0, 12), directory };
  const context = {
    ...{ paths, host, environment, starts: true },
    image: () => Promise.reject(new Error('a step has no image of its own')),
    notice: (text: string) => telling.notice(text),
  };
  const { record, spec, files } = await decide(options, context, imageOf(state), draft);
  makeRoot(paths, host, record, directory);
  for (const [path, text] of Object.entries(files))
    writeFile(join(directory, basename(path)), text, { mode: 0o644 });
  const stubs = missingMountPoints(layerDirectories(paths, record.layers), [
    ...spec.mounts.map(({ destination }) => destination),
    ...targets,
  ]);
  const { operations, prefix } = launchPlan({ paths, host, record, spec, mode: runMode(options, record) });
  const plan = [['ends-with-parent'], ...operations.filter(([name]) => name !== 'events')];
  const [program, ...args] = [...prefix, launcherPath(), writePlan(paths, id, { operations: plan, prefix })];
  const child = spawn(program!, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const end = (): void => void child.kill('SIGTERM');
  signal.addEventListener('abort', end, { once: true });
  if (signal.aborted) end();
  // What the processes of a step that is ended write of their end is none of its output.
  for (const stream of ['stdout', 'stderr'] as const)
    child[stream].on('data', (bytes: Buffer) => void (signal.aborted || telling.output(stream, bytes)));
  const [code] = (await once(child, 'close')) as [number | null];
  signal.removeEventListener('abort', end);
  const root = { record, directory };
  if (code === null) rmSync(newRuntimeDirectory(paths, id), { recursive: true, force: true });
  if (signal.aborted) throw signal.reason;
  if (code === null)
    throw new PodError({ code: 'launch', message: 'cannot run a step', why: 'its monitor was killed' });
  for (const path of stubs) removeStub(join(directory, 'upper'), path);
  return { root, exitCode: code };
}

/** What stands for the image so far. */
function imageOf(state: StageState): ImageRecord {
  const { config, layers } = state;
  const diffIds = layers.map(({ diffId }) => diffId);
  return {
    ...{ id: '', names: [], digest: '', listDigest: undefined, mediaType: '', created: undefined, size: 0 },
    platform: { os: config.os, architecture: config.architecture },
    config: { ...config, rootfs: { type: 'layers', diff_ids: diffIds } },
    diffIds,
    layers: [],
  };
}

/** Those that the launcher makes: they aren't the step's work. The outer ones last. */
function missingMountPoints(layers: readonly string[], destinations: readonly string[]): string[] {
  const missing = new Set<string>();
  for (const destination of destinations) {
    const parts = destination.split('/').filter((part) => part !== '');
    for (let depth = parts.length; depth > 0; depth--) {
      const path = parts.slice(0, depth).join('/');
      if (missing.has(path) || exists(layers, path)) break;
      missing.add(path);
    }
  }
  return [...missing].sort((a, b) => b.length - a.length);
}

function exists(layers: readonly string[], path: string): boolean {
  return layers.some((layer) => lstatSync(join(layer, path), { throwIfNoEntry: false }) !== undefined);
}

/**
 * Removes an empty file or directory that was made for a mount. Nothing of the step runs any more; a link that it has put
 * on the way is not followed.
 */
function removeStub(upper: string, path: string): void {
  const parts = path.split('/');
  for (let depth = 1; depth < parts.length; depth++) {
    const above = lstatSync(join(upper, ...parts.slice(0, depth)), { throwIfNoEntry: false });
    if (!above?.isDirectory()) return;
  }
  const stub = join(upper, path);
  const about = lstatSync(stub, { throwIfNoEntry: false });
  try {
    if (about?.isDirectory()) rmdirSync(stub);
    else if (about?.isFile() && about.size === 0) rmSync(stub);
  } catch {
    // A directory that the step has put something into, or that isn't the user's own.
  }
}
