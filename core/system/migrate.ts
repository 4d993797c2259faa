/** What is to be done after an upgrade, or when the program or the user's home has moved. */

import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { writeSubject } from '../container/events.ts';
import { containerState, isUp } from '../container/state.ts';
import { containerDirectory, listIds, readRecord, runtimeDirectory } from '../container/store.ts';
import { launcherPath } from '../launcher.ts';
import type { Paths } from '../paths.ts';
import { restartUnit, writeRestartUnit } from '../systemd/restart-unit.ts';

export interface MigrateWish {
  paths: Paths;
  environment: NodeJS.ProcessEnv;
  /** Absolute path of this binary. */
  program: string;
}

/** Does it, and gives a line for each thing that was done; none when all is as it should be. */
export function migrateStore(wish: MigrateWish): string[] {
  return [
    ...removeLaunchers(wish.paths),
    ...removeRuntimes(wish.paths),
    ...renewSubjects(wish.paths),
    ...renewUnit(wish),
  ];
}

/** Containers run from copies in memory: a launcher of another version is used by their plans alone, which name it. */
function removeLaunchers(paths: Paths): string[] {
  const own = launcherPath();
  const plans = listIds(paths)
    .filter((id) => isUp(containerState(paths, { id }).status))
    .map((id) => textOf(join(runtimeDirectory(paths, id), 'plan')));
  const done: string[] = [];
  for (const hash of readdirSync(paths.libexec)) {
    const directory = join(paths.libexec, hash);
    if (own.startsWith(`${directory}/`) || plans.some((plan) => plan.includes(directory))) continue;
    rmSync(directory, { recursive: true, force: true });
    done.push(`removed the launcher ${hash} of another version`);
  }
  return done;
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

/** Of containers that don't run: whoever was killed has left them. */
function removeRuntimes(paths: Paths): string[] {
  const done: string[] = [];
  for (const id of listIds(paths)) {
    const directory = runtimeDirectory(paths, id);
    const state = containerState(paths, { id });
    if (isUp(state.status) || state.status === 'created' || !existsSync(directory)) continue;
    rmSync(directory, { recursive: true, force: true });
    done.push(`removed what a killed monitor of ${id.slice(0, 12)} has left`);
  }
  return done;
}

/** Containers of versions that wrote no events. */
function renewSubjects(paths: Paths): string[] {
  const done: string[] = [];
  for (const id of listIds(paths)) {
    const directory = containerDirectory(paths, id);
    const record = existsSync(join(directory, 'event')) ? undefined : readRecord(paths, id);
    if (!record) continue;
    writeSubject(directory, record);
    done.push(`${record.name} writes events now`);
  }
  return done;
}

function renewUnit({ paths, environment, program }: MigrateWish): string[] {
  const needed = listIds(paths).some((id) => {
    const policy = readRecord(paths, id)?.restart?.name;
    return policy === 'always' || policy === 'unless-stopped';
  });
  const unit = restartUnit(paths, environment);
  if (!unit || (!needed && unit.state === 'none')) return [];
  return writeRestartUnit(paths, environment, program) ? [`wrote ${unit.path}`] : [];
}
