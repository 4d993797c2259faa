import { checkPassed, handOver } from '../../rootless/launcher.ts';
import { encodePlan } from '../../rootless/plan.ts';
import { PodError } from '../error.ts';
import { launcherPath } from '../launcher.ts';
import { warnWithoutLinger } from '../systemd/linger.ts';
import { type CreateContext, createContainer } from './create.ts';
import { launchPlan } from './launch-plan.ts';
import { collectLeftovers } from './leftovers.ts';
import type { ContainerOptions } from './options.ts';
import { writePlan } from './plan-file.ts';
import { bridgeOf } from './start.ts';
import { runMode } from './start-mode.ts';

/**
 * `run`: options -> image -> spec -> host facts and id map -> network -> plan -> launcher. Does not return, but
 * where descriptors are passed on: the launcher takes this process's place, and its exit status is the container's.
 */
export async function runContainer(options: ContainerOptions, context: CreateContext): Promise<number> {
  const { paths, host } = context;
  refusePassedAgain(options);
  checkPassed(options.preserveFds);
  runMode(options, { id: '', interactive: options.interactive }); // what excludes each other is known before an image is fetched
  collectLeftovers(paths);
  const { record, spec } = await createContainer(options, context);
  const bridge = await bridgeOf(record, context);
  const launch = launchPlan({ paths, host, record, spec, mode: runMode(options, record), bridge });
  if (options.detach) warnWithoutLinger(paths, context.environment, context.notice);
  if (options.preserveFds > 0) launch.operations.push(['preserve-fds', String(options.preserveFds)]);
  const file = writePlan(paths, record.id, launch);
  return handOver(launcherPath(), file, launch.prefix, options.preserveFds);
}

/** What this process has open is there for one start. */
function refusePassedAgain({ preserveFds, restart }: ContainerOptions): void {
  if (preserveFds > 0 && restart !== undefined && restart !== 'no')
    throw new PodError({ code: 'usage', message: '--preserve-fds and --restart exclude each other' });
}

/** `run --dry-run`: the plan's text; nothing is left on disk. */
export async function planContainer(options: ContainerOptions, context: CreateContext): Promise<string> {
  const { paths, host } = context;
  const { record, spec } = await createContainer(options, { ...context, dryRun: true });
  const bridge = await bridgeOf(record, context);
  return encodePlan(
    'run',
    launchPlan({ paths, host, record, spec, mode: runMode(options, record), bridge }).operations,
  );
}
