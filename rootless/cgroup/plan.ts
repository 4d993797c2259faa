/** Launcher operations that give a container its limits, and the command the launcher is started by. */

import { userInfo } from 'node:os';
import { join } from 'node:path';
import { PodError } from '../../core/error.ts';
import type { CgroupFacts, CgroupWay } from './facts.ts';
import { type CgroupSetting, cgroupSettings, type LinuxResources } from './resources.ts';

export interface CgroupPlan {
  /** Words before `launcher FILE`; empty when it is started directly. */
  prefix: string[];
  ops: string[][];
}

/** Those that a container's group gets where they are delegated: for limits, and for `stats` and OOM evidence. */
const WANTED = ['cpu', 'cpuset', 'hugetlb', 'io', 'memory', 'pids'];

/** Names in error messages. */
const LIMITS: Record<string, string> = {
  cpu: 'CPU use',
  cpuset: 'the CPUs',
  hugetlb: 'huge pages',
  io: 'block I/O',
  memory: 'memory',
  pids: 'the number of processes',
};

export interface CgroupWish {
  /** The container's id: names the group or scope. */
  id: string;
  resources: LinuxResources;
  /** Make a group though nothing is limited: for stats, pause and OOM evidence of containers that stay. */
  always: boolean;
}

/**
 * The operations:
 * - `cgroup-evacuate DIR NAME`: all processes of DIR move into DIR/NAME.
 * - `cgroup-base self|DIR required|optional`: the group that holds monitor and container, the launcher's own (a scope)
 *   or a DIR that it makes. Optional: where that fails the container has no group, since nothing was asked of it.
 * - `cgroup-controllers +C...`, `cgroup-container NAME`: made in the base, beside the launcher's own leaf.
 * - `cgroup-set FILE VALUE [FILE VALUE]...`: the first of the container's files that exists; none is an error.
 * - `cgroup-try FILE VALUE...`: the same, and none is fine.
 *
 * Throws `unsupported` for a limit whose controller this user doesn't have.
 */
export function cgroupPlan(facts: CgroupFacts, wish: CgroupWish): CgroupPlan {
  demandLimits(facts, wish.resources);
  const settings = cgroupSettings(wish.resources);
  const { way } = facts;
  const required = settings.length > 0;
  if (!way || facts.controllers.length === 0 || !(required || isWorthIt(way, wish)))
    return { prefix: [], ops: [] };
  const base = way.kind === 'direct' ? join(way.parent, `tsc-pod-${wish.id}`) : 'self';
  const controllers = WANTED.filter((name) => facts.controllers.includes(name));
  return {
    prefix: launchPrefix(facts, `${wish.id}-${process.pid}`),
    ops: [
      ...(way.kind === 'direct' && way.evacuate ? [['cgroup-evacuate', way.parent, 'tsc-pod-others']] : []),
      ['cgroup-base', base, required ? 'required' : 'optional'],
      ['cgroup-controllers', ...controllers.map((name) => `+${name}`)],
      ['cgroup-container', 'container'],
      ...settings.map(settingOp),
    ],
  };
}

/** A directory is cheap; a scope costs a round trip to the manager; moving other processes is done only for a limit. */
function isWorthIt(way: CgroupWay, wish: CgroupWish): boolean {
  return way.kind === 'direct' ? !way.evacuate : wish.always;
}

/** Throws `unsupported`, with the way out, for a limit whose controller this user doesn't have. */
export function demandLimits(facts: CgroupFacts, resources: LinuxResources): void {
  for (const setting of cgroupSettings(resources)) demand(facts, setting);
}

/**
 * With systemd the launcher is started in a scope of the user manager: systemd-run registers its own process, then
 * executes the launcher in it, so the pid and the descriptors stay. The name is another for each start: of several at once
 * one finds out that it is first only once it is in its scope, and that of one that was killed may still be there.
 */
export function launchPrefix(facts: CgroupFacts, name: string): string[] {
  if (facts.way?.kind !== 'systemd') return [];
  const { program, runtimeDir } = facts.way;
  const environment = runtimeDir === undefined ? [] : ['/usr/bin/env', `XDG_RUNTIME_DIR=${runtimeDir}`];
  const manager = facts.way.user ? ['--user'] : [];
  const options = [
    '--scope',
    '--quiet',
    '--collect',
    `--unit=tsc-pod-${name}.scope`,
    '--property=Delegate=yes',
  ];
  return [...environment, program, ...manager, ...options, '--'];
}

function settingOp({ optional, choices }: CgroupSetting): string[] {
  return [optional ? 'cgroup-try' : 'cgroup-set', ...choices.flat()];
}

function demand(facts: CgroupFacts, setting: CgroupSetting): void {
  const { controller } = setting;
  if (facts.controllers.includes(controller)) return;
  throw new PodError({
    code: 'unsupported',
    message: `cannot limit ${LIMITS[controller] ?? `by the ${controller} controller`}`,
    why: whyNot(facts, controller),
    hint: delegationFix(facts, controller),
  });
}

/** Why a controller can't be used, as a phrase. */
export function whyNot(facts: CgroupFacts, controller: string): string {
  if (facts.mode === 'v1' || facts.mode === 'none') return 'this system has no cgroup v2';
  if (facts.mode === 'hybrid') return 'cgroup v2 is mounted beside v1, which has the controllers';
  if (!facts.way && facts.booted) return "systemd's user manager can not be reached";
  if (!facts.way) return 'no cgroup is delegated to this user';
  return `the cgroup controller ${controller} is not delegated to this user`;
}

/** The command that mends it, in one line. */
export function delegationFix(facts: CgroupFacts, controller: string): string {
  const name = loginName();
  if (facts.mode !== 'unified') {
    return 'boot with the kernel parameter systemd.unified_cgroup_hierarchy=1 (or mount only cgroup2)';
  }
  if (facts.booted && !facts.way) {
    return `sudo loginctl enable-linger ${name}; export XDG_RUNTIME_DIR=/run/user/$(id -u)`;
  }
  if (facts.booted) {
    const wanted = [...new Set([...WANTED.filter((c) => c !== 'hugetlb'), controller])].join(' ');
    const directory = '/etc/systemd/system/user@.service.d';
    return (
      `sudo mkdir -p ${directory} && printf '[Service]\\nDelegate=${wanted}\\n' | ` +
      `sudo tee ${directory}/delegate.conf && sudo systemctl daemon-reload   # then log in again`
    );
  }
  const group = `/sys/fs/cgroup/${name}`;
  return (
    `sudo sh -c 'cd /sys/fs/cgroup && echo +${controller} > cgroup.subtree_control && mkdir -p ${name}/shell && ` +
    `echo +${controller} > ${name}/cgroup.subtree_control && chown -R ${name} ${name}' && ` +
    `echo $$ | sudo tee ${group}/shell/cgroup.procs`
  );
}

function loginName(): string {
  try {
    return userInfo().username;
  } catch {
    return '$(id -u)';
  }
}
