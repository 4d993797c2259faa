import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkPassed, handOver } from '../../rootless/launcher.ts';
import { encodePlan } from '../../rootless/plan.ts';
import { launcherPath } from '../launcher.ts';
import type { Paths } from '../paths.ts';
import { type CreateContext, createContainer } from './create.ts';
import { type Launch, launchPlan } from './launch-plan.ts';
import { collectLeftovers } from './leftovers.ts';
import type { ContainerOptions } from './options.ts';
import { runtimeDirectory } from './store.ts';

/** Writes a container's plan, and that of its health checks, into its runtime directory, and gives the first one's file. */
export function writePlan(paths: Paths, id: string, launch: Launch): string {
  const runtime = runtimeDirectory(paths, id);
  mkdirSync(runtime, { recursive: true, mode: 0o700 });
  const file = join(runtime, 'plan');
  writeFileSync(file, encodePlan('run', launch.operations), { mode: 0o600 });
  if (launch.healthPlan !== undefined)
    writeFileSync(join(runtime, 'health-plan'), launch.healthPlan, { mode: 0o600 });
  return file;
}

/**
 * `run`: options -> image -> spec -> host facts and id map -> network -> plan -> launcher. Does not return, but
 * where descriptors are passed on: the launcher takes this process's place, and its exit status is the container's.
 */
export async function runContainer(options: ContainerOptions, context: CreateContext): Promise<number> {
  const { paths, host } = context;
  checkPassed(options.preserveFds);
  collectLeftovers(paths);
  const { record, spec } = await createContainer(options, context);
  const launch = launchPlan({ paths, host, record, spec, mode: { detach: options.detach } });
  if (options.preserveFds > 0) launch.operations.push(['preserve-fds', String(options.preserveFds)]);
  const file = writePlan(paths, record.id, launch);
  return handOver(launcherPath(), file, launch.prefix, options.preserveFds);
}

/** `run --dry-run`: the plan's text; nothing is left on disk. */
export async function planContainer(options: ContainerOptions, context: CreateContext): Promise<string> {
  const { paths, host } = context;
  const { record, spec } = await createContainer(options, { ...context, dryRun: true });
  return encodePlan(
    'run',
    launchPlan({ paths, host, record, spec, mode: { detach: options.detach } }).operations,
  );
}
