import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { hostIdMap, mapPlan } from '../rootless/id-map.ts';
import { becomeLauncher } from '../rootless/launcher.ts';
import { encodePlan } from '../rootless/plan.ts';
import { launcherPath } from './launcher.ts';
import type { Paths } from './paths.ts';
import { randomBytes } from './random.ts';
import { writeFile } from './write-file.ts';

/** Runs a command (a shell unless told) as root of the user's namespace: files of subordinate ids are its own there. */
export function enterNamespace(
  command: readonly string[],
  paths: Paths,
  environment: NodeJS.ProcessEnv,
): never {
  const argv = command.length > 0 ? command : [environment.SHELL || '/bin/sh'];
  mkdirSync(paths.runtime, { recursive: true, mode: 0o700 });
  const file = join(paths.runtime, `unshare-${randomBytes(8).toString('hex')}`);
  const spaces = [
    ['namespace', 'user'],
    ['namespace', 'mount'],
  ];
  writeFile(
    file,
    encodePlan('enter', [['unlink-plan'], ...mapPlan(hostIdMap()), ...spaces, ['exec', ...argv]]),
    { mode: 0o600 },
  );
  return becomeLauncher(launcherPath(), file);
}
