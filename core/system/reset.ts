import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { listContainers } from '../container/list.ts';
import { removeContainer } from '../container/remove.ts';
import { removeTrees } from '../container/remove-tree.ts';
import type { Paths } from '../paths.ts';

/**
 * Ends and removes all containers, then removes all pods, volumes, images and whatever else is kept; the launcher stays,
 * which the last step needs. Nothing else that lies in the directory is touched.
 */
export function resetSystem(paths: Paths): void {
  for (const { record } of listContainers(paths))
    removeContainer(paths, record, { force: true, volumes: true, ofPod: true });
  const { data, runtime, libexec, ...kinds } = paths;
  const own = Object.values(kinds).filter((path) => path.startsWith(`${data}/`));
  const events = readdirSync(data).filter((name) => name.startsWith('events.jsonl'));
  removeTrees([...own, ...events.map((name) => join(data, name))]);
}
