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
export async function resetSystem(paths: Paths): Promise<void> {
  for (const { record } of listContainers(paths))
    await removeContainer(paths, record, { force: true, volumes: true, ofPod: true });
  const { data, runtime, libexec, ...kinds } = paths;
  const own = Object.values(kinds).filter((path) => path.startsWith(`${data}/`));
  const files = readdirSync(data).filter((name) => /^(events\.jsonl.*|told|overlay-probe\.json)$/.test(name));
  removeTrees([...own, ...files.map((name) => join(data, name))]);
}
