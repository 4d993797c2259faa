import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { basename } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';

/** Processes that end by themselves get so long; what is there after that was left behind. */
const graceMs = 10_000;

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}

function link(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

/** This process and those that it descends from. */
function ancestors(): Set<number> {
  const line = new Set<number>();
  for (let pid = process.pid; pid > 1 && !line.has(pid); ) {
    line.add(pid);
    const stat = read(`/proc/${pid}/stat`);
    pid = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1] ?? 0);
  }
  return line;
}

/**
 * Processes that belong to the scratch directory: by their environment (TSC_POD_TEST), command line, working directory,
 * or by a mount of theirs, as every container has. There paths begin where a file system does, /dev/shm for one, so that only
 * the directory's own name tells, which mkdtemp(3) gives to no other.
 */
export function processesOf(dir: string): { pid: number; command: string }[] {
  const mine = ancestors();
  const found: { pid: number; command: string }[] = [];
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || mine.has(pid)) continue;
    const at = `/proc/${pid}`;
    const belongs =
      read(`${at}/environ`).includes(`TSC_POD_TEST=${dir}\0`) ||
      read(`${at}/cmdline`).includes(dir) ||
      link(`${at}/cwd`).startsWith(dir) ||
      read(`${at}/mountinfo`).includes(basename(dir));
    // A zombie has no command line and waits for its parent only.
    const command = read(`${at}/cmdline`).replaceAll('\0', ' ').trim();
    if (belongs && command !== '') found.push({ pid, command });
  }
  return found;
}

/** Removes a tree whose owners may be subordinate ids, as root of a user namespace with all of them. */
async function removeTree(dir: string): Promise<void> {
  try {
    rmSync(dir, { recursive: true, force: true });
  } catch {
    await promisify(execFile)('unshare', [
      ...['--user', '--map-root-user', '--map-auto', '--'],
      ...['sh', '-c', 'chmod -R u+rwx "$1" 2>/dev/null; rm -rf "$1"', 'sh', dir],
    ]);
  }
}

/**
 * Ends and removes what a test left behind and says what that was, one sentence each: nothing, when all is well.
 * `dir` itself goes in any case.
 */
export async function sweep(dir: string): Promise<string[]> {
  const complaints: string[] = [];
  const deadline = Date.now() + graceMs;
  let left = processesOf(dir);
  while (left.length > 0 && Date.now() < deadline) {
    await pause(50);
    left = processesOf(dir);
  }
  for (const { pid, command } of left) complaints.push(`left running: ${pid} ${command.slice(0, 200)}`);
  for (let round = 0; left.length > 0 && round < 20; round++) {
    for (const { pid } of left) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {}
    }
    await pause(50);
    left = processesOf(dir);
  }
  for (const line of read('/proc/self/mountinfo').split('\n')) {
    if (line.includes(dir)) complaints.push(`left mounted: ${line}`);
  }
  try {
    await removeTree(dir);
  } catch (error) {
    complaints.push(`can't be removed: ${dir}: ${error instanceof Error ? error.message : String(error)}`);
  }
  return complaints;
}
