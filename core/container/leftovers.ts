import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { hostIdMap, userNamespacePlan } from '../../rootless/id-map.ts';
import { spawnLauncher } from '../../rootless/launcher.ts';
import { abandonedLayers } from '../images/unpack/unpack.ts';
import { launcherPath } from '../launcher.ts';
import { namesIn } from '../names-in.ts';
import type { Paths } from '../paths.ts';
import { endOrphans } from './orphans.ts';
import { isSameProcess, signalProcess } from './process-identity.ts';
import { processesBelow } from './processes.ts';
import { holderOf, runtimeDirectory } from './store.ts';

/** The plan is one argument, of at most 128 KiB, execve(2): there is a next time for the others. */
const AT_ONCE = 30;

/** DIRECTORY/.<id>.<pid>.<start> whose maker is gone; the id may be a volume's name, with dots. */
function abandonedDrafts(directory: string): string[] {
  const abandoned = namesIn(directory).filter((name) => {
    const [, pid, start] = /^\..+\.(\d+)\.(\d+)$/.exec(name) ?? [];
    return name.startsWith('.') && !isSameProcess({ pid: Number(pid), start: start ?? '' });
  });
  return abandoned.map((name) => join(directory, name));
}

/** RUNTIME/<name>.<pid>.<start>: plans of starts that were killed before the launcher had read them, and what builds had there. */
export function abandonedPlans({ runtime }: Pick<Paths, 'runtime'>): string[] {
  const abandoned = namesIn(runtime).filter((name) => {
    const [, pid, start] = name.split('.');
    return start !== undefined && !isSameProcess({ pid: Number(pid), start });
  });
  return abandoned.map((name) => join(runtime, name));
}

/** Programs that builds have started, such as git: nothing ends them with a build that was killed. */
function endProcessesIn(abandoned: readonly string[], { builds }: Paths): void {
  if (abandoned.length === 0) return;
  for (const [running, name] of processesBelow(builds))
    if (abandoned.includes(join(builds, name))) signalProcess(running, 'SIGKILL');
}

/** What somebody made who is gone: drafts of all kinds, layers, directories of builds. */
export function abandonedTrees(paths: Paths): string[] {
  const { containers, builds, pods, volumes, networks, secrets, layers } = paths;
  const drafts = [containers, builds, pods, volumes, networks, secrets].flatMap(abandonedDrafts);
  return [...drafts, ...abandonedLayers(layers)];
}

/** Ends and removes what no file of `abandonedTrees` is, but belongs to them: processes and runtime directories. */
export function releaseAbandoned(paths: Paths): void {
  const builds = abandonedDrafts(paths.builds);
  endProcessesIn(builds, paths);
  for (const plan of abandonedPlans(paths)) rmSync(plan, { recursive: true, force: true });
  // Whoever was killed while making a container may have taken a name for it.
  if (abandonedDrafts(paths.containers).length > 0)
    for (const name of namesIn(paths.names)) holderOf(paths, name);
  removeRuntimeOf(paths, builds.flatMap(namesIn));
}

/** A remover that was killed has at least put the container into the trash. */
function removeRuntimeOf(paths: Paths, trash: readonly string[]): void {
  for (const id of trash.filter((name) => /^[0-9a-f]{64}$/.test(name)))
    rmSync(runtimeDirectory(paths, id), { recursive: true, force: true });
}

/**
 * Ends and removes what killed processes have left: containers without their monitor, drafts of containers and layers, and
 * what was on its way out in trash/. Files go in the background, since nobody waits for it; a second process at work on
 * the same trees does no harm.
 */
export function collectLeftovers(paths: Paths): void {
  endOrphans(paths);
  releaseAbandoned(paths);
  const discarded = namesIn(paths.trash);
  removeRuntimeOf(paths, discarded);
  const all = [...abandonedTrees(paths), ...discarded.map((name) => join(paths.trash, name))];
  const left = all.slice(0, AT_ONCE);
  if (left.length === 0) return;
  const jobs = [...userNamespacePlan(hostIdMap()), ['remove', ...left]];
  const child = spawnLauncher(launcherPath(), 'enter', jobs, { stdio: 'ignore', detached: true });
  child.on('error', () => {});
  child.unref();
}
