/** What containers, networks and volumes leave traces in: compared before and after a session that removes all it made. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sandbox } from './harness/sandbox.ts';
import { processesOf } from './harness/sweep.ts';

export interface Traces {
  processes: { pid: number; command: string }[];
  /** Every path of the store and of the runtime directory. */
  paths: string[];
  mounts: string[];
}

/** Meant to stay: events, locks, the launcher. */
const STAYS = /^\/(data\/(events\.jsonl|locks|libexec)|.*\.lock$)/;

function walk(dir: string, found: string[], stays: (path: string) => boolean): void {
  for (const entry of readdirSync(dir, { withFileTypes: true })) {
    const path = join(dir, entry.name);
    const shown = path.slice(sandbox.dir.length);
    if (STAYS.test(shown) || stays(shown)) continue;
    found.push(shown);
    // Layers have directories that only root of the container may read.
    if (entry.isDirectory() && !path.startsWith(join(sandbox.data, 'layers/'))) walk(path, found, stays);
  }
}

/** Control groups of the containers of these ids, wherever this account may see them. */
export function cgroupsOf(ids: readonly string[]): string[] {
  const all = readdirSync('/sys/fs/cgroup', { withFileTypes: true, recursive: true });
  return all.map(({ name }) => name).filter((name) => ids.some((id) => name.includes(id.slice(0, 12))));
}

/** All traces of this file's sandbox. `stays`: paths that are meant to, as `/data/volumes/x`. */
export function traces(stays: (path: string) => boolean = () => false): Traces {
  const paths: string[] = [];
  walk(sandbox.data, paths, stays);
  walk(sandbox.run, paths, stays);
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
  return {
    processes: processesOf(sandbox.dir),
    paths: paths.sort(),
    mounts: mounts.filter((line) => line.includes(sandbox.dir)),
  };
}
