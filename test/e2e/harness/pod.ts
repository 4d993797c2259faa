import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { binary, environment, sandbox } from './sandbox.ts';
import { processesOf } from './sweep.ts';
import { terminal } from './terminal.ts';

/** How a command ended: its exit status, or the signal that ended it, and all that it wrote. */
export interface Ran<T = string> {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: T;
  stderr: T;
}

export interface RunOptions {
  /** Standard input, whole or as a stream; closed at once where there is none. */
  input?: string | Buffer | Readable;
  /** Added to the sandbox's environment; undefined takes a variable out. */
  env?: Record<string, string | undefined>;
  /** Milliseconds after which it is killed and the test fails (30 000). */
  timeout?: number;
  /** Milliseconds after which the command itself (not what it started) gets SIGKILL; that is no failure. */
  killAfter?: number;
  /** The sandbox's `work` unless told. */
  cwd?: string;
  /** Runs it in a pseudo-terminal; everything it writes is in `stdout` then, and `input` is typed. */
  tty?: boolean | { rows: number; cols: number };
}

/** The sandbox's environment with the changes that a test asks for. */
export function environmentWith(changes: Record<string, string | undefined> = {}): Record<string, string> {
  const merged: Record<string, string | undefined> = { ...environment, ...changes };
  return Object.fromEntries(
    Object.entries(merged).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

/** Starts any command in the sandbox, streams as the caller wants them (all pipes unless told). */
export function start(argv: string[], options: RunOptions & Pick<SpawnOptions, 'stdio'> = {}): ChildProcess {
  return spawn(argv[0]!, argv.slice(1), {
    cwd: options.cwd ?? sandbox.work,
    env: environmentWith(options.env),
    detached: true,
    stdio: options.stdio ?? ['pipe', 'pipe', 'pipe'],
  });
}

/** Starts tsc-pod, for tests that stream, signal or look at it while it runs. */
export function startPod(
  args: string[],
  options: RunOptions & Pick<SpawnOptions, 'stdio'> = {},
): ChildProcess {
  return start([binary, ...args], options);
}

function killGroup(child: ChildProcess): void {
  try {
    process.kill(-child.pid!, 'SIGKILL');
  } catch {}
}

/** Runs any command in the sandbox to its end; its output as bytes. */
export async function commandBytes(argv: string[], options: RunOptions = {}): Promise<Ran<Buffer>> {
  const child = start(argv, options);
  const limit = options.timeout ?? 100_000;
  const what = `${argv.join(' ')}`.slice(0, 300);
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout!.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr!.on('data', (chunk: Buffer) => err.push(chunk));
  // A command may end before it has read its input: that is its right.
  child.stdin!.on('error', () => {});
  if (options.input === undefined || typeof options.input === 'string' || Buffer.isBuffer(options.input))
    child.stdin!.end(options.input ?? '');
  else {
    const { input } = options;
    input.pipe(child.stdin!);
    finished(child.stdin!).catch(() => input.destroy());
  }
  let exit: string | undefined;
  child.on('exit', (code, signal) => {
    exit = signal ?? `exit status ${code}`;
  });
  return new Promise((resolve, reject) => {
    const soFar = () =>
      `stdout: ${Buffer.concat(out).subarray(0, 4000)}\nstderr: ${Buffer.concat(err).subarray(0, 4000)}`;
    const timer = setTimeout(() => {
      const holders = processesOf(sandbox.dir).map(({ pid, command }) => `  ${pid} ${command.slice(0, 160)}`);
      const why =
        exit === undefined
          ? 'it did not end'
          : `it ended (${exit}), but something still holds its output open`;
      reject(
        new Error(`${what}\nafter ${limit} ms: ${why}\n${soFar()}\nprocesses now:\n${holders.join('\n')}`),
      );
      killGroup(child);
      child.stdout!.destroy();
      child.stderr!.destroy();
    }, limit);
    const killer =
      options.killAfter === undefined
        ? undefined
        : setTimeout(() => child.kill('SIGKILL'), options.killAfter);
    child.on('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      clearTimeout(killer);
      resolve({ code, signal, stdout: Buffer.concat(out), stderr: Buffer.concat(err) });
    });
  });
}

/** Runs any command (skopeo, podman, tar) in the sandbox to its end. */
export async function command(argv: string[], options: RunOptions = {}): Promise<Ran> {
  if (options.tty !== undefined && options.tty !== false) return inTerminal(argv, options);
  const ran = await commandBytes(argv, options);
  return { ...ran, stdout: ran.stdout.toString(), stderr: ran.stderr.toString() };
}

/** Runs `tsc-pod ARGS` in the sandbox to its end: `assert.equal(await pod([...]), { code: 0, signal: null, ... })`. */
export function pod(args: string[], options: RunOptions = {}): Promise<Ran> {
  return command([binary, ...args], options);
}

/** As `pod`, with the bytes that were written. */
export function podBytes(args: string[], options: RunOptions = {}): Promise<Ran<Buffer>> {
  return commandBytes([binary, ...args], options);
}

/** Runs it, and gives its standard output without the last line feed; anything but exit status 0 fails the test. */
export async function podOk(args: string[], options: RunOptions = {}): Promise<string> {
  const ran = await pod(args, options);
  if (ran.code !== 0) throw new Error(`tsc-pod ${args.join(' ')}\n${JSON.stringify(ran, null, 2)}`);
  return ran.stdout.replace(/\n$/, '');
}

async function inTerminal(argv: string[], options: RunOptions): Promise<Ran> {
  const size = typeof options.tty === 'object' ? options.tty : { rows: 24, cols: 80 };
  const tty = terminal(argv, {
    ...size,
    env: environmentWith(options.env),
    cwd: options.cwd ?? sandbox.work,
  });
  if (options.input !== undefined) tty.send(String(options.input));
  return { ...(await tty.end(options.timeout ?? 100_000)), stdout: tty.text(), stderr: '' };
}
