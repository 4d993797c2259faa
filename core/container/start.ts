import type { PortMapping } from '../../netns/port.ts';
import { becomeLauncher, runPlanFile } from '../../rootless/launcher.ts';
import { PodError } from '../error.ts';
import { launcherPath } from '../launcher.ts';
import type { BridgeOperations } from '../network/operations.ts';
import type { Paths } from '../paths.ts';
import { attachTo } from './attach.ts';
import type { HostFacts } from './facts.ts';
import { type Launch, launchPlan } from './launch-plan.ts';
import { joinsOf } from './namespaces/joins.ts';
import { refusePaused } from './pause.ts';
import { writePlan } from './plan-file.ts';
import type { ContainerRecord } from './record.ts';
import { refreshFiles } from './refresh-files.ts';
import { BACKGROUND, type StartMode } from './start-mode.ts';
import { containerState, isUp } from './state.ts';
import { readRecord, readSpec } from './store.ts';

export interface StartContext {
  paths: Paths;
  host: HostFacts;
}

/** Starts the infra container of the pod that a container is in, if that doesn't run: it would be missed. */
async function startInfraOf(record: ContainerRecord, context: StartContext): Promise<void> {
  const { paths } = context;
  for (const id of joinsOf(record).keys()) {
    const other = readRecord(paths, id);
    if (other?.infra && !isUp(containerState(paths, other).status)) await startContainer(other, context);
  }
}

async function launchOf(record: ContainerRecord, mode: StartMode, context: StartContext): Promise<Launch> {
  const { paths, host } = context;
  await startInfraOf(record, context);
  const spec = readSpec(paths, record.id);
  if (!spec) throw new PodError({ code: 'not-found', message: `no such container: ${record.name}` });
  const { ports } = record.network;
  if (ports.length > 0) await checkPorts(paths, ports);
  const bridge = await bridgeOf(record, context);
  refreshFiles(
    paths,
    record,
    spec,
    bridge && (await import('../network/place.ts')).placeOf(bridge.membership),
  );
  return launchPlan({ paths, host, record, spec, mode, bridge });
}

async function checkPorts(paths: Paths, ports: readonly PortMapping[]): Promise<void> {
  const { checkPortsFree } = await import('../../netns/host-port.ts');
  const { containerPortFacts } = await import('./network.ts');
  await checkPortsFree(ports, containerPortFacts(paths));
}

/** What its bridge networks need at this start. */
export async function bridgeOf(
  record: ContainerRecord,
  { paths, host }: StartContext,
): Promise<BridgeOperations | undefined> {
  if (!record.network.networks) return undefined;
  const { bridgeOperations } = await import('../network/operations.ts');
  return bridgeOperations(paths, host, record);
}

/** Whether it is there already. One that waits to be started anew counts as such. */
function isStarted(paths: Paths, record: ContainerRecord): boolean {
  const state = containerState(paths, record);
  refusePaused(state, record, 'start');
  return isUp(state.status);
}

/** Starts a container in the background; one that runs is fine. The error is what the start has said. */
export async function startContainer(record: ContainerRecord, context: StartContext): Promise<void> {
  const { paths } = context;
  if (isStarted(paths, record)) return;
  const launch = await launchOf(record, BACKGROUND, context);
  const { code, stderr } = await runPlanFile(
    launcherPath(),
    writePlan(paths, record.id, launch),
    launch.prefix,
  );
  if (code === 0) return;
  const [first = '', hint] = stderr.trim().split('\n');
  throw new PodError({
    code: 'launch',
    message: `cannot start ${record.name}`,
    why: first.replace(/^Error: /, '') || 'the launcher was killed',
    hint,
    exitCode: code,
  });
}

/**
 * Starts a container, or joins one that runs, and goes on as `mode` says: with streams attached, or ended once its line
 * is printed. Does not return but where there is nothing to do.
 */
export async function becomeStart(
  record: ContainerRecord,
  mode: StartMode,
  context: StartContext,
): Promise<void> {
  const { paths } = context;
  if (isStarted(paths, record)) {
    if (mode.streams.length > 0) attachTo(paths, record, mode);
    return;
  }
  const launch = await launchOf(record, mode, context);
  becomeLauncher(launcherPath(), writePlan(paths, record.id, launch), launch.prefix);
}
