import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { runLauncher } from '../../rootless/launcher.ts';
import type { HostFacts } from '../container/facts.ts';
import type { ContainerRecord } from '../container/record.ts';
import { containerState, isUp } from '../container/state.ts';
import { runtimeDirectory } from '../container/store.ts';
import { PodError } from '../error.ts';
import { launcherPath } from '../launcher.ts';
import type { Paths } from '../paths.ts';
import { askHub } from './ask-hub.ts';
import { bridgeOperations, hubChanges } from './operations.ts';

const RETURNS_MS = 10_000;
const LOOK_EVERY_MS = 50;

/** Devices of its networks that a running container hasn't: its hub was killed, or it has removed them itself. */
export function lostDevices(paths: Paths, record: ContainerRecord): string[] {
  const { pid, status } = containerState(paths, record);
  if (!isUp(status) || !pid || !record.network.networks) return [];
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/net/dev`, 'utf8'); // proc_pid_net(5): of that process's namespace
  } catch {
    return []; // it has ended
  }
  const there = new Set(text.split('\n').map((line) => line.split(':')[0]!.trim()));
  return record.network.networks.map((one) => one.interface).filter((name) => !there.has(name));
}

/**
 * Makes the networks of a running container as they are stored: names, routes, and all of it where its hub was killed. Its
 * own monitor does the latter, at once and again for a minute; this asks it once more. Throws PodError `conflict`.
 */
export async function reloadNetworks(
  { paths, host }: { paths: Paths; host: HostFacts },
  record: ContainerRecord,
): Promise<void> {
  if (!isUp(containerState(paths, record).status))
    throw new PodError({
      code: 'conflict',
      message: `cannot reload the networks of ${record.name}`,
      why: 'it is not running',
    });
  if (!record.network.networks) return;
  const changes = hubChanges(await bridgeOperations(paths, host, record));
  runLauncher(launcherPath(), 'hub-return', [['runtime', runtimeDirectory(paths, record.id)]]);
  for (let left = RETURNS_MS; ; left -= LOOK_EVERY_MS)
    try {
      return askHub(paths, record, changes);
    } catch (error) {
      if (left <= 0) throw error;
      await pause(LOOK_EVERY_MS);
    }
}
