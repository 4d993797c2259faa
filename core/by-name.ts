import { renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { identify } from './container/process-identity.ts';
import { errnoOf, PodError } from './error.ts';

/** What is stored by its name: volumes, networks and secrets, each with what has its name in one directory. */

/**
 * Makes HOME/NAME whole or not at all: `fill` makes HOME/.NAME.PID.START, which is renamed, or collected where its maker
 * was killed. false: there is one of that name.
 */
export function makeWhole(home: string, name: string, fill: (draft: string) => void): boolean {
  const { pid, start } = identify(process.pid);
  const draft = join(home, `.${name}.${pid}.${start}`);
  rmSync(draft, { recursive: true, force: true });
  fill(draft);
  try {
    renameSync(draft, join(home, name));
    return true;
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    if (errnoOf(error) === 'ENOTEMPTY' || errnoOf(error) === 'EEXIST') return false;
    throw error;
  }
}

/** The only one whose id begins with what was asked for. Throws PodError `not-found` or `conflict`. */
export function onlyOne<T>(
  alike: readonly T[],
  kind: 'network' | 'secret' | 'volume',
  wish: string,
  exitCode?: number,
): T {
  if (alike.length === 1) return alike[0]!;
  const several = alike.length > 1;
  throw new PodError({
    code: several ? 'conflict' : 'not-found',
    message: several ? `${wish} is the beginning of ${alike.length} ${kind}s` : `no such ${kind}: ${wish}`,
    hint: `tsc-pod ${kind} ls   # lists all ${kind}s`,
    exitCode,
  });
}
