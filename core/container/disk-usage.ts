import { join } from 'node:path';
import { hostIdMap, userNamespacePlan } from '../../rootless/id-map.ts';
import { runLauncher } from '../../rootless/launcher.ts';
import { launcherPath } from '../launcher.ts';
import type { Paths } from '../paths.ts';
import type { ContainerRecord } from './record.ts';
import { removeTrees } from './remove-tree.ts';
import { containerDirectory } from './store.ts';

export interface DiskUsage {
  /** Bytes on the disk, as du(1) counts them. */
  allocated: number;
  /** Bytes of the regular files. */
  size: number;
  files: number;
}

/** A plan is one argument, of at most 128 KiB, execve(2). */
const AT_ONCE = 200;

/**
 * What trees take, whose files may belong to any id of the user's namespace, in the order of the paths. A file with
 * several names counts for the first tree that has it; a path that isn't there takes nothing.
 */
export function diskUsage(trees: readonly string[]): DiskUsage[] {
  const usages: DiskUsage[] = [];
  for (let at = 0; at < trees.length; at += AT_ONCE) {
    const job = ['disk-usage', ...trees.slice(at, at + AT_ONCE)];
    const said = runLauncher(launcherPath(), 'enter', [...userNamespacePlan(hostIdMap()), job]);
    for (const line of said.trim().split('\n')) {
      const [allocated = 0, size = 0, files = 0] = line.split(' ').map(Number);
      usages.push({ allocated, size, files });
    }
  }
  return usages;
}

/** Where a container's own changes lie: its writable layer, or its copy of the image with them. */
export function writableDirectory(paths: Paths, record: Pick<ContainerRecord, 'id' | 'driver'>): string {
  return join(containerDirectory(paths, record.id), record.driver === 'copy' ? 'copy' : 'upper');
}

/** Removes trees. Gives the bytes on the disk that this has freed. */
export function removeMeasured(trees: readonly string[]): number {
  const before = diskUsage(trees);
  removeTrees(trees);
  const after = diskUsage(trees);
  return before.reduce((sum, { allocated }, at) => sum + allocated - (after[at]?.allocated ?? 0), 0);
}
