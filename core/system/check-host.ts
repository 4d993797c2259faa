import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { cgroupFacts } from '../../rootless/cgroup/facts.ts';
import { findProgram } from '../../rootless/id-map.ts';
import { containerState, isUp } from '../container/state.ts';
import { listIds } from '../container/store.ts';
import { PodError } from '../error.ts';
import type { Paths } from '../paths.ts';
import type { Finding } from './finding.ts';

/** Containers mount in namespaces of their own: what is mounted in the store on the host's side was left behind. */
export function checkMounts(paths: Paths): Finding[] {
  const points = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
    .map((point) =>
      point.replace(/\\([0-7]{3})/g, (_, octal) => String.fromCharCode(Number.parseInt(octal, 8))),
    ); // proc_pid_mountinfo(5)
  const within = points.filter(
    (point) => point.startsWith(`${paths.containers}/`) || point.startsWith(`${paths.layers}/`),
  );
  return within.reverse().map((point) => ({
    type: 'mount',
    id: point,
    problem: 'something is mounted there outside of any container',
    repair: 'unmount it',
    mend: () => unmount(point),
  }));
}

function unmount(point: string): void {
  const programs = ['fusermount3', 'fusermount']
    .map((name) => findProgram(name))
    .filter((path) => path !== undefined);
  const ways = [...programs.map((path) => [path, '-u', point]), ['umount', point]];
  if (ways.some(([program, ...args]) => spawnSync(program!, args, { stdio: 'ignore' }).status === 0)) return;
  throw new PodError({
    code: 'denied',
    message: `cannot unmount ${point}`,
    why: 'this user may not',
    hint: `sudo umount ${point}`,
  });
}

/** Groups of containers that don't run, with nobody in them: systemd removes its scopes by itself, ours are directories. */
export function checkCgroups(paths: Paths, environment: NodeJS.ProcessEnv): Finding[] {
  const { way } = cgroupFacts(process.geteuid!(), environment);
  if (way?.kind !== 'direct') return [];
  const active = new Set(listIds(paths).filter((id) => isUp(containerState(paths, { id }).status)));
  const findings: Finding[] = [];
  for (const name of readdirSync(way.parent)) {
    const id = /^tsc-pod-([0-9a-f]{64})$/.exec(name)?.[1];
    const group = join(way.parent, name);
    if (id === undefined || active.has(id) || !isEmpty(group)) continue;
    findings.push({
      type: 'cgroup',
      id: name,
      problem: 'its container does not run, and nobody is in it',
      repair: 'remove it',
      mend: () => removeGroup(group),
    });
  }
  return findings;
}

function childrenOf(group: string): string[] {
  return readdirSync(group, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => join(group, name));
}

/** cgroup-v2.rst, cgroup.events: `populated` counts the groups below too. */
function isEmpty(group: string): boolean {
  const events = join(group, 'cgroup.events');
  return existsSync(events) && readFileSync(events, 'utf8').includes('populated 0');
}

function removeGroup(group: string): void {
  for (const child of childrenOf(group)) removeGroup(child);
  rmdirSync(group);
}
