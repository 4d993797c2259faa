import { join } from 'node:path';
import { compileProcess } from '../../rootless/compile.ts';
import type { OciProcess, OciSpec } from '../../rootless/oci-spec.ts';
import { encodePlan, type Operation } from '../../rootless/plan.ts';
import type { HealthSettings } from './flags/health-options.ts';
import { keepGroupsOperations } from './flags/keep-groups.ts';

/** How a further process of a container becomes part of it. */
export interface Joining {
  /** `target PID START`, or `target-state FILE` for the process that a file names when the plan is carried out. */
  target: Operation;
  /** Empty where there is no cgroup to join. */
  cgroup: readonly Operation[];
  /** With all of the container's restrictions, or with none of its filters. */
  confined: boolean;
  /** The container's secrets that are variables. */
  secrets: readonly Operation[];
}

/** The operations that put a process into a running container, and that start it. */
export function joiningOperations(spec: OciSpec, process: OciProcess, joining: Joining): Operation[] {
  const kinds = spec.linux.namespaces.map((space) => space.type);
  return [
    joining.target,
    ['join', kinds.join(',')],
    ['cwd', process.cwd],
    ...joining.cgroup,
    ...keepGroupsOperations(spec),
    ...joining.secrets,
    ...compileProcess(process, joining.confined ? spec.linux : {}),
  ];
}

/** The plan of one health check: it runs as the container's own process does, in whatever process then is its first. */
export function healthPlan(
  spec: OciSpec,
  health: HealthSettings,
  runtime: string,
  secrets: readonly Operation[],
): string {
  const process = { ...spec.process, terminal: false, args: health.args };
  return encodePlan('check', [
    ['check-timeout', String(health.timeout)],
    ...joiningOperations(spec, process, {
      target: ['target-state', join(runtime, 'state')],
      cgroup: [['cgroup-join-target']],
      confined: true,
      secrets,
    }),
  ]);
}
