import { type ChildProcess, type SpawnOptions, spawn, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { PodError } from '../core/error.ts';
import { encodePlan, type Operation, type Role } from './plan.ts';

/** The launcher's program as it is embedded in the binary. */
export interface EmbeddedLauncher {
  /** Names its content: a new launcher is unpacked beside the old one, which running containers still use. */
  hash: string;
  read: () => Uint8Array;
}

/** Unpacks the launcher into DIR/<hash>/launcher unless it is there, and gives its path. */
export function installLauncher(libexec: string, embedded: EmbeddedLauncher): string {
  const path = join(libexec, embedded.hash, 'launcher');
  if (existsSync(path)) return path;
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const aside = `${path}.${process.pid}`;
  writeFileSync(aside, embedded.read(), { mode: 0o500 });
  chmodSync(aside, 0o500);
  renameSync(aside, path);
  return path;
}

/** Replaces this process by the launcher: nothing of Node stays. `prefix` is a command that executes the launcher. */
export function becomeLauncher(launcher: string, planFile: string, prefix: readonly string[] = []): never {
  const argv = [...prefix, launcher, planFile];
  try {
    process.execve!(argv[0]!, argv, process.env as Record<string, string>);
  } catch (cause) {
    throw new PodError({
      code: 'launch',
      message: `cannot execute ${argv[0]}`,
      why: (cause as Error).message,
      cause,
    });
  }
  throw new PodError({ code: 'launch', message: `cannot execute ${argv[0]}` });
}

/** Starts the launcher as a child, with the plan in its argument: for the short jobs. */
export function spawnLauncher(
  launcher: string,
  role: Role,
  plan: readonly Operation[],
  options: SpawnOptions,
): ChildProcess {
  return spawn(launcher, ['-c', encodePlan(role, plan)], options);
}

/** A job in a user namespace, done before this returns. Throws with what the launcher said when it failed. */
export function runInNamespace(
  launcher: string,
  maps: readonly Operation[],
  jobs: readonly Operation[],
): void {
  runLauncher(launcher, 'enter', [...maps, ...jobs]);
}

/** A role that ends by itself, done before this returns. */
export function runLauncher(launcher: string, role: Role, plan: readonly Operation[]): void {
  const done = spawnSync(launcher, ['-c', encodePlan(role, plan)], { stdio: ['ignore', 'ignore', 'pipe'] });
  if (done.status === 0) return;
  const [first = '', hint] = done.stderr?.toString().trim().split('\n') ?? [];
  const why = first.replace(/^Error: /, '') || done.error?.message || `signal ${done.signal}`;
  throw new PodError({
    code: 'io',
    message: `the launcher's ${role} failed`,
    why,
    ...(hint && { hint }),
    cause: done.error,
  });
}
