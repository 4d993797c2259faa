import { chmodSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { hostIdMap, userNamespacePlan } from '../../rootless/id-map.ts';
import { runLauncher } from '../../rootless/launcher.ts';
import { launcherPath } from '../launcher.ts';

/** Removes directories whose files may belong to any id of the user's namespace. Missing ones are fine. */
export function removeTrees(directories: readonly string[]): void {
  const left = directories.filter((directory) => !removeOwn(directory));
  if (left.length === 0) return;
  runLauncher(launcherPath(), 'enter', [...userNamespacePlan(hostIdMap()), ['remove', ...left]]);
}

/** Most containers write only as their root, who is the user: no namespace is needed then. */
function removeOwn(directory: string): boolean {
  try {
    chmodSync(join(directory, 'work/work'), 0o700); // the kernel's overlay makes it closed to everybody
  } catch {
    // Another driver, or the overlay was never mounted.
  }
  try {
    rmSync(directory, { recursive: true, force: true });
    return true;
  } catch {
    return false;
  }
}
