import { type ChildProcess, type SpawnOptions, spawn, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readlinkSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { isatty } from 'node:tty';
import { naming, PodError } from '../core/error.ts';
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
  try {
    naming(path, () => writeFileSync(aside, embedded.read(), { mode: 0o500 }));
    chmodSync(aside, 0o500);
    renameSync(aside, path);
  } catch (error) {
    rmSync(aside, { force: true });
    throw error;
  }
  return path;
}

/** Replaces this process by the launcher: nothing of Node stays. `prefix` is a command that executes the launcher. */
export function becomeLauncher(launcher: string, planFile: string, prefix: readonly string[] = []): never {
  return become([...prefix, launcher, planFile]);
}

/** The same for a role whose plan is short and holds no secret. */
export function becomeRole(launcher: string, role: Role, plan: readonly Operation[]): never {
  return become([launcher, '-c', encodePlan(role, plan)]);
}

function become(argv: readonly string[]): never {
  try {
    process.execve!(argv[0]!, [...argv], process.env as Record<string, string>);
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

/**
 * The launcher takes over: it replaces this process, and this does not return. With descriptors to pass on, which
 * process.execve can't, it is a child, and what is returned is its exit status; signals reach it as if it were us.
 */
export function handOver(
  launcher: string,
  planFile: string,
  prefix: readonly string[],
  preserveFds: number,
): Promise<number> {
  if (preserveFds === 0) return becomeLauncher(launcher, planFile, prefix);
  const [program, ...args] = [...prefix, launcher, planFile];
  const passed = Array.from({ length: 3 + preserveFds }, (_, fd) => fd);
  const child = spawn(program!, args, { stdio: passed });
  passOnSignals(child);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve(code ?? 128 + constants.signals[signal!]));
  });
}

/** Those of a terminal reach its whole foreground group, and so the child too. */
const OF_TERMINAL: readonly string[] = ['SIGINT', 'SIGQUIT', 'SIGTSTP', 'SIGWINCH'];
/** These end a process or can't be caught, libuv needs them, or they say nothing about the command. */
const KEPT: readonly string[] = [
  'SIGKILL',
  'SIGSTOP',
  'SIGCHLD',
  'SIGPIPE',
  'SIGPROF',
  'SIGSEGV',
  'SIGBUS',
  'SIGFPE',
  'SIGILL',
];

function passOnSignals(child: ChildProcess): void {
  for (const name of Object.keys(constants.signals) as NodeJS.Signals[]) {
    if (KEPT.includes(name)) continue;
    const twice = OF_TERMINAL.includes(name) && isatty(0);
    process.on(name, () => {
      if (!twice) child.kill(name);
    });
  }
}

/**
 * Throws PodError `usage` unless descriptors 3 to 2+count came from whoever started this process: where one of them did
 * not, Node's own first descriptor is there, which belongs to its event loop.
 */
export function checkPassed(count: number): void {
  for (let fd = 3; fd < 3 + count; fd++) {
    if (!/^anon_inode:\[(eventpoll|eventfd|io_uring)\]$|^$/.test(linkOf(fd))) continue;
    throw new PodError({
      code: 'usage',
      message: `cannot pass on descriptor ${fd}`,
      why: 'it was not open when this command was started',
      hint: `--preserve-fds ${count} takes descriptors 3 to ${2 + count}, as in: 3<file`,
    });
  }
}

function linkOf(fd: number): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return '';
  }
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

/**
 * A role that ends by itself, done before this returns. Gives what it wrote to standard output. Throws with what the
 * launcher said when it failed.
 */
export function runLauncher(launcher: string, role: Role, plan: readonly Operation[]): string {
  const options = { stdio: ['ignore', 'pipe', 'pipe'] as ('ignore' | 'pipe')[], maxBuffer: 64 << 20 };
  const done = spawnSync(launcher, ['-c', encodePlan(role, plan)], options);
  if (done.status === 0) return done.stdout.toString();
  const [first = '', hint] = done.stderr?.toString().trim().split('\n') ?? [];
  const why = first.replace(/^Error: /, '') || done.error?.message || `signal ${done.signal}`;
  throw new PodError({
    code: 'io',
    message: `the launcher's ${role} failed`,
    why,
    hint,
    cause: done.error,
  });
}

/** How a launcher ended, and all that it wrote. */
export interface Said {
  code: number;
  stdout: string;
  stderr: string;
}

/** A role that takes its time. */
export function runRole(launcher: string, role: Role, plan: readonly Operation[]): Promise<Said> {
  return said([launcher, '-c', encodePlan(role, plan)]);
}

/** A plan in a file; what the launcher leaves behind goes on. `prefix` is a command that executes the launcher. */
export function runPlanFile(launcher: string, planFile: string, prefix: readonly string[]): Promise<Said> {
  return said([...prefix, launcher, planFile]);
}

function said([program, ...args]: readonly string[]): Promise<Said> {
  const child = spawn(program!, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const text = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (more: string) => (text.stdout += more));
  child.stderr.setEncoding('utf8').on('data', (more: string) => (text.stderr += more));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code: code ?? 128 + constants.signals[signal!], ...text }));
  });
}
