import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { updateLimits } from '../../rootless/cgroup/control.ts';
import { cgroupPlan, demandLimits } from '../../rootless/cgroup/plan.ts';
import type { LinuxResources } from '../../rootless/cgroup/resources.ts';
import { readUsage } from '../../rootless/cgroup/usage.ts';
import type { OciSpec } from '../../rootless/oci-spec.ts';
import { encodePlan, replaceOperations } from '../../rootless/plan.ts';
import { replaceFile } from '../aside.ts';
import { PodError } from '../error.ts';
import type { Paths } from '../paths.ts';
import { emitContainerEvent } from './events.ts';
import type { HostFacts } from './facts.ts';
import { type ResourceFlags, resourceOptions } from './flags/resource-options.ts';
import { parseRestartPolicy, type RestartPolicy } from './flags/restart-policy.ts';
import { type LaunchParts, launchPlan } from './launch-plan.ts';
import { ownGroup } from './own-group.ts';
import type { ContainerRecord } from './record.ts';
import { changeContainer, replaceRecord, replaceSpec } from './replace.ts';
import { bridgeOf } from './start.ts';
import { BACKGROUND } from './start-mode.ts';
import { containerState, isUp } from './state.ts';
import { findContainer, readSpec, runtimeDirectory } from './store.ts';

const NO_POLICY: RestartPolicy = { name: 'no', maximum: 0 };

export interface UpdateOptions {
  /** As typed; what was not given is absent and stays. */
  resources: ResourceFlags;
  restart?: string | undefined;
}

/**
 * Changes the limits and the restart policy of a container: of its cgroup if it runs, and of what is stored. All or
 * nothing: a limit that can't be set is an error.
 */
export async function updateContainer(
  paths: Paths,
  wish: string,
  options: UpdateOptions,
  host: HostFacts,
): Promise<void> {
  const bridge = await bridgeOf(findContainer(paths, wish), { paths, host });
  return changeContainer(paths, wish, (record) => {
    const spec = readSpec(paths, record.id);
    if (!spec) throw new PodError({ code: 'not-found', message: `no such container: ${wish}` });
    const flags = mergedFlags(record.asked?.resources ?? {}, options.resources);
    const limited = Object.keys(options.resources).length > 0;
    const before = spec.linux.resources ?? {};
    const resources = limited ? { ...before, ...whole(resourceOptions(flags).resources) } : before;
    const restart = policyOf(record, options.restart);
    const asked = {
      ...record.asked,
      resources: flags,
      ...(options.restart !== undefined && { restart: options.restart }),
    };
    const next = { ...record, restart, asked };
    const updated: OciSpec = { ...spec, linux: { ...spec.linux, resources } };
    const undo = limited ? applyLimits(paths, record, host, resources, before) : () => {};
    try {
      if (limited) replaceSpec(paths, record, updated);
      replaceRecord(paths, next);
      tellMonitor({ paths, record: next, host, spec: updated, bridge, mode: BACKGROUND });
    } catch (error) {
      undo();
      throw error;
    }
    emitContainerEvent(paths, next, 'update');
  });
}

/** What was typed now counts; the three ways to limit CPU time stay what they are, docker's rule. */
function mergedFlags(before: ResourceFlags, now: ResourceFlags): ResourceFlags {
  const conflict = (flag: string, other: string) =>
    new PodError({
      code: 'conflict',
      message: `cannot update ${flag}`,
      why: `the container was given ${other}`,
      hint: `use ${other} here, too`,
    });
  if (now.cpus !== undefined && Number(now.cpus) > 0) {
    if (isLimit(before.cpuPeriod)) throw conflict('--cpus', '--cpu-period');
    if (isLimit(before.cpuQuota)) throw conflict('--cpus', '--cpu-quota');
  }
  if (isLimit(before.cpus) && isLimit(now.cpuPeriod)) throw conflict('--cpu-period', '--cpus');
  if (isLimit(before.cpus) && isLimit(now.cpuQuota)) throw conflict('--cpu-quota', '--cpus');
  return { ...before, ...now };
}

const isLimit = (text: string | undefined): boolean => text !== undefined && Number(text) !== 0;

/** All parts that flags make: a part without limits takes those away that were there. */
function whole({ memory = {}, cpu = {}, pids = {}, blockIO = {} }: LinuxResources): LinuxResources {
  return { memory, cpu, pids, blockIO };
}

function policyOf(record: ContainerRecord, text: string | undefined): RestartPolicy {
  if (text === undefined) return record.restart ?? NO_POLICY;
  const policy = parseRestartPolicy(text);
  if (record.autoRemove && policy.name !== 'no')
    throw new PodError({
      code: 'conflict',
      message: `cannot update the restart policy of ${record.name}`,
      why: 'it is removed when it ends (--rm)',
    });
  return policy;
}

function applyLimits(
  paths: Paths,
  record: ContainerRecord,
  host: HostFacts,
  resources: LinuxResources,
  before: LinuxResources,
): () => void {
  demandLimits(host.cgroups, resources);
  const state = containerState(paths, record);
  if (!isUp(state.status) || !state.process) return () => {};
  const group = ownGroup(host.cgroups.mount, record.id, state.process);
  if (!group)
    throw new PodError({
      code: 'unsupported',
      message: `cannot limit ${record.name} while it runs`,
      why: 'it has no cgroup of its own',
      hint: `tsc-pod stop ${record.name}   # then update it, and start it again`,
    });
  refuseLessThanUsed(record, group, resources);
  return updateLimits(host.cgroups, group, resources, before);
}

/** The kernel would kill processes until the rest fits. */
function refuseLessThanUsed({ name }: ContainerRecord, group: string, { memory }: LinuxResources): void {
  const used = readUsage(group)?.memory.used ?? 0;
  const limit = memory?.limit ?? 0;
  if (limit <= 0 || limit >= used) return;
  throw new PodError({
    code: 'conflict',
    message: `cannot limit the memory of ${name} to ${limit} bytes`,
    why: `it uses ${used} bytes now, and would be killed`,
  });
}

/**
 * What the monitor goes by when the container ends: RUNTIME/restart has the policy, RUNTIME/plan is what it starts anew,
 * which is there only while there is a policy.
 */
function tellMonitor(parts: LaunchParts): void {
  const { paths, record, host, spec } = parts;
  if (!isUp(containerState(paths, record).status)) return;
  const { id, restart = NO_POLICY } = record;
  const runtime = runtimeDirectory(paths, id);
  const file = join(runtime, 'plan');
  const policy = [restart.name, String(restart.maximum)];
  const limits = cgroupPlan(host.cgroups, { id, resources: spec.linux.resources ?? {}, always: true }).ops;
  if (existsSync(file)) {
    const replaced = (name: string) => name === 'restart' || name.startsWith('cgroup-');
    replaceFile(
      file,
      replaceOperations(readFileSync(file, 'utf8'), replaced, [...limits, ['restart', ...policy]]),
    );
  } else if (restart.name !== 'no') {
    const { operations } = launchPlan(parts);
    replaceFile(file, encodePlan('run', operations));
  }
  replaceFile(join(runtime, 'restart'), `${policy.join(' ')}\n`);
}
