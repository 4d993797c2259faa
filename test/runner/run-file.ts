import { spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { sweep } from '../e2e/harness/sweep.ts';
import type { TestEvent } from './events.ts';
import { defaultSeconds } from './limit.ts';

export interface FileResult {
  file: string;
  passed: number;
  /** Sentences: the failed tests, and what went wrong with the file as a whole. */
  failures: string[];
  skips: { name: string; why: string }[];
  only: boolean;
  /** Milliseconds of each test that ran. */
  times: { name: string; ms: number }[];
  /** All that the process printed. */
  output: string;
  ms: number;
}

const active = new Set<number>();

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {}
}

/** Ends the test processes that run now: they are in groups of their own, where ^C doesn't reach them. */
export function killAll(): void {
  for (const pid of active) killGroup(pid);
}

/** After its last test a process may take so long to end: the time for `after` hooks. */
const endSeconds = 60;
/** The runner acts this much later than the test's own timer: only a test that blocks the event loop gets here. */
const graceSeconds = 5;

/**
 * Runs one test file in a process group of its own, with a scratch directory of its own ($TSC_POD_TEST_DIR),
 * and ends all of it when a limit passes. Afterwards nothing is left of either.
 */
export async function runFile(file: string, root: string): Promise<FileResult> {
  const begin = performance.now();
  const base = process.env.TSC_POD_TEST_TMP ?? (process.platform === 'linux' ? '/dev/shm' : tmpdir());
  const scratch = mkdtempSync(join(base, 'tsc-pod-test-'));
  const result: FileResult = {
    file,
    passed: 0,
    failures: [],
    skips: [],
    only: false,
    times: [],
    output: '',
    ms: 0,
  };

  const child = spawn(
    process.execPath,
    ['--import', join(root, 'test/runner/preload.ts'), join(root, file)],
    {
      cwd: root,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
      env: { ...process.env, TEST_EVENTS_FD: '3', TSC_POD_TEST_DIR: scratch, TSC_POD_TEST: scratch },
    },
  );
  active.add(child.pid!);
  const chunks: Buffer[] = [];
  child.stdout!.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.stderr!.on('data', (chunk: Buffer) => chunks.push(chunk));

  const errors: string[] = [];
  let running: string | undefined;
  const open = new Set<string>();
  const kill = (why: string) => {
    result.failures.push(why);
    killGroup(child.pid!);
  };
  const during = () => (running === undefined ? 'no test was running' : `hung in "${running}"`);
  const timer = (seconds: number, why: () => string) => setTimeout(() => kill(why()), seconds * 1000);
  let fileTimer = timer(
    defaultSeconds.file,
    () => `the file took longer than ${defaultSeconds.file} s: ${during()}`,
  );
  let testTimer: NodeJS.Timeout | undefined;

  const take = (event: TestEvent) => {
    if (event.kind === 'plan') open.add(event.name);
    else if (event.kind === 'only') result.only = true;
    else if (event.kind === 'file-limit') {
      clearTimeout(fileTimer);
      fileTimer = timer(event.seconds, () => `the file took longer than ${event.seconds} s: ${during()}`);
    } else if (event.kind === 'start') {
      running = event.name;
      clearTimeout(testTimer);
      testTimer = timer(event.seconds + graceSeconds, () => `killed after ${event.seconds} s: ${during()}`);
    } else {
      clearTimeout(testTimer);
      running = undefined;
      open.delete(event.name);
      if (event.kind !== 'skip') result.times.push(event);
      if (event.kind === 'pass') result.passed++;
      else if (event.kind === 'fail') {
        result.failures.push(event.name);
        errors.push(`${event.name}\n${event.error}`);
      } else result.skips.push({ name: event.name, why: event.why });
      if (open.size === 0)
        testTimer = timer(endSeconds, () => `the tests ended, the process did not in ${endSeconds} s`);
    }
  };
  const lines = createInterface({ input: child.stdio[3] as Readable });
  lines.on('line', (line) => take(JSON.parse(line) as TestEvent));
  const read = new Promise((resolve) => lines.on('close', resolve));

  const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve) => {
    child.on('exit', (c, s) => resolve([c, s]));
  });
  active.delete(child.pid!);
  clearTimeout(fileTimer);
  clearTimeout(testTimer);
  await Promise.race([read, new Promise((resolve) => setTimeout(resolve, 1000))]);
  child.stdout!.destroy();
  child.stderr!.destroy();

  const told = result.failures.length > 0;
  if (signal !== null && !told) result.failures.push(`the process was ended by ${signal}, ${during()}`);
  else if (code !== 0 && !told) result.failures.push(`the process exited with ${code} though no test failed`);
  if (!result.only && !told) for (const name of open) result.failures.push(`never ran: ${name}`);
  if (
    result.passed + result.failures.length + result.skips.length === 0 &&
    process.env.TEST_NAMES === undefined
  )
    result.failures.push('the file has no test (is test.run() called?)');

  for (const line of await sweep(scratch)) result.failures.push(line);
  result.output = Buffer.concat(chunks).toString();
  // uvu prints failures at its end, which a killed process doesn't reach.
  if (signal !== null) result.output += `\n${errors.join('\n')}`;
  result.ms = Math.round(performance.now() - begin);
  return result;
}
