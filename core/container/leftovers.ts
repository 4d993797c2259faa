import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { hostIdMap, mapPlan } from '../../rootless/id-map.ts';
import { spawnLauncher } from '../../rootless/launcher.ts';
import { abandonedLayers } from '../images/unpack/unpack.ts';
import { launcherPath } from '../launcher.ts';
import type { Paths } from '../paths.ts';
import { endOrphans } from './orphans.ts';
import { isSameProcess } from './process-identity.ts';
import { holderOf, runtimeDirectory } from './store.ts';

/** The plan is one argument, of at most 128 KiB, execve(2): there is a next time for the others. */
const AT_ONCE = 30;

function entries(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

/** DIRECTORY/.<id>.<pid>.<start> whose maker is gone; the id may be a volume's name, with dots. */
function abandonedDrafts(directory: string): string[] {
  const abandoned = entries(directory).filter((name) => {
    const [, pid, start] = /^\..+\.(\d+)\.(\d+)$/.exec(name) ?? [];
    return name.startsWith('.') && !isSameProcess({ pid: Number(pid), start: start ?? '' });
  });
  return abandoned.map((name) => join(directory, name));
}

/** Plans of starts that were killed before the launcher had read them. */
function removeAbandonedPlans(paths: Paths): void {
  for (const name of entries(paths.runtime)) {
    const [, pid, start] = name.split('.');
    if (start !== undefined && !isSameProcess({ pid: Number(pid), start }))
      rmSync(join(paths.runtime, name), { recursive: true, force: true });
  }
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
  removeAbandonedPlans(paths);
  const drafts = abandonedDrafts(paths.containers);
  const builds = abandonedDrafts(paths.builds);
  // Whoever was killed while making a container may have taken a name for it.
  if (drafts.length > 0) for (const name of entries(paths.names)) holderOf(paths, name);
  const discarded = entries(paths.trash);
  removeRuntimeOf(paths, [...discarded, ...builds.flatMap(entries)]);
  const trash = discarded.map((name) => join(paths.trash, name));
  const all = [
    ...drafts,
    ...builds,
    ...abandonedDrafts(paths.pods),
    ...abandonedDrafts(paths.volumes),
    ...abandonedDrafts(paths.networks),
    ...abandonedDrafts(paths.secrets),
    ...abandonedLayers(paths.layers),
    ...trash,
  ];
  const left = all.slice(0, AT_ONCE);
  if (left.length === 0) return;
  const jobs = [...mapPlan(hostIdMap()), ['namespace', 'user'], ['remove', ...left]];
  const child = spawnLauncher(launcherPath(), 'enter', jobs, { stdio: 'ignore', detached: true });
  child.on('error', () => {});
  child.unref();
}
