import { readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isSameProcess, type ProcessIdentity, signalProcess } from '../container/process-identity.ts';
import { processesBelow } from '../container/processes.ts';
import { containerState, isUp } from '../container/state.ts';
import { listIds, runtimeDirectory } from '../container/store.ts';
import { namesIn } from '../names-in.ts';
import type { Paths } from '../paths.ts';
import type { Finding } from './finding.ts';

/** What runs, or seems to, though its container doesn't: monitors stand in their container's runtime directory. */
export function checkRuntime(paths: Paths): Finding[] {
  const directories = new Map(listIds(paths).map((id) => [runtimeDirectory(paths, id), id]));
  const findings: Finding[] = [];
  const running = processesBelow(paths.runtime).filter(([, name]) => /^[0-9a-f]{16}$/.test(name));
  for (const [process, name] of running) {
    const directory = join(paths.runtime, name);
    const id = directories.get(directory);
    if (id === undefined ? false : isUp(containerState(paths, { id }).status)) continue;
    // The directory of runtimes is that of all stores.
    if (id === undefined && (isBeingMade(paths, directory) || !hasOpen(process.pid, paths.data))) continue;
    findings.push({
      type: 'process',
      id: String(process.pid),
      problem: `it belongs to ${id ? `container ${id.slice(0, 12)}, which does not run` : 'a container that is gone'}`,
      repair: 'end it',
      mend: () => signalProcess(process, 'SIGKILL'),
    });
  }
  for (const name of namesIn(paths.runtime)) {
    const directory = join(paths.runtime, name);
    if (!/^[0-9a-f]{16}$/.test(name) || directories.has(directory) || isBeingMade(paths, directory)) continue;
    if (running.some(([, where]) => where === name)) continue;
    findings.push({
      type: 'runtime',
      id: name,
      problem: 'its container is gone',
      repair: 'remove it',
      mend: () => rmSync(directory, { recursive: true, force: true }),
    });
  }
  return findings;
}

/** A container on its way: its monitor has it, or removes it. */
function isBeingMade(paths: Paths, directory: string): boolean {
  const short = directory.slice(directory.lastIndexOf('/') + 1);
  const drafted = namesIn(paths.containers).some((name) => name.startsWith(`.${short}`));
  return drafted || monitorOf(directory) !== undefined;
}

/** Whether a process has a file of this store open: a monitor has its log. */
function hasOpen(pid: number, data: string): boolean {
  try {
    const files = readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`));
    return files.some((file) => file.startsWith(`${data}/`));
  } catch {
    return false;
  }
}

function monitorOf(directory: string): ProcessIdentity | undefined {
  try {
    const [, , pid, start] = readFileSync(join(directory, 'state'), 'utf8').split(' ');
    const monitor = { pid: Number(pid), start: start ?? '' };
    return isSameProcess(monitor) ? monitor : undefined;
  } catch {
    return undefined;
  }
}
