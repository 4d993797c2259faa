import { relative } from 'node:path';
import { abandonedPlans, abandonedTrees, releaseAbandoned } from '../container/leftovers.ts';
import { removeTrees } from '../container/remove-tree.ts';
import type { Paths } from '../paths.ts';
import type { Finding } from './finding.ts';

/** What was half-made when its maker was killed: the next `run` or `build` would remove it too. */
export function checkAbandoned(paths: Paths): Finding[] {
  const finding = (id: string, path: string): Finding => ({
    ...{ type: 'leftover', id, problem: 'whoever made it was killed', repair: 'remove it' },
    mend: () => {
      releaseAbandoned(paths);
      removeTrees([path]);
    },
  });
  return [
    ...abandonedTrees(paths).map((path) => finding(relative(paths.data, path), path)),
    ...abandonedPlans(paths).map((path) => finding(relative(paths.runtime, path), path)),
  ];
}
