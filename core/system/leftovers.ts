import { statSync } from 'node:fs';
import { join } from 'node:path';
import { abandonedAsides } from '../aside.ts';
import { removeMeasured } from '../container/disk-usage.ts';
import { asideIn } from '../images/layout.ts';
import { namesIn } from '../names-in.ts';
import type { Paths } from '../paths.ts';

/** A download that nobody has gone on with for so long is not under way. */
const STALE_MS = 3_600_000;

const entries = (directory: string): string[] => namesIn(directory).map((name) => join(directory, name));

/** What is on its way out, and downloads that were broken off: a pull would go on with them. */
export function leftovers(paths: Paths): string[] {
  return [...entries(paths.trash), ...entries(paths.partial)];
}

/** Removes them, but for what is being made and downloads of the last hour. Gives the bytes on the disk that were freed. */
export function removeLeftovers(paths: Paths): number {
  const isStale = (path: string) =>
    Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0) > STALE_MS;
  const abandoned = abandonedAsides(asideIn(paths));
  const stale = entries(paths.partial).filter(isStale);
  return removeMeasured([...entries(paths.trash), ...new Set([...abandoned, ...stale])]);
}
