import { removeContainer } from '../container/remove.ts';
import { removeTrees } from '../container/remove-tree.ts';
import { readRecord } from '../container/store.ts';
import { PodError } from '../error.ts';
import type { Paths } from '../paths.ts';
import { findVolume } from './store.ts';
import { discardVolume, volumeUsers } from './users.ts';

/**
 * Removes a volume with all it holds, and gives its name. With `force` the containers that use it go first; without, they
 * are named by PodError `conflict`.
 */
export async function removeVolume(
  paths: Paths,
  wish: string,
  { force }: { force: boolean },
): Promise<string> {
  const { name } = findVolume(paths, wish);
  if (force)
    for (const id of volumeUsers(paths, name)) {
      const record = readRecord(paths, id);
      if (record) await removeContainer(paths, record, { force: true, volumes: false });
    }
  const outcome = discardVolume(paths, name);
  if (typeof outcome === 'string') removeTrees([outcome]);
  if (Array.isArray(outcome)) {
    const users = outcome.map((id) => readRecord(paths, id)?.name ?? id.slice(0, 12));
    throw new PodError({
      code: 'conflict',
      message: `cannot remove the volume ${name}`,
      why: `container ${users.join(', ')} uses it`,
      hint: `tsc-pod rm ${users[0]}   # or volume rm --force, which removes the containers too`,
      exitCode: 2,
    });
  }
  return name;
}
