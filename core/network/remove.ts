import { mkdirSync, renameSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { removeContainer } from '../container/remove.ts';
import { removeTrees } from '../container/remove-tree.ts';
import { readRecord } from '../container/store.ts';
import { errnoOf, PodError } from '../error.ts';
import { emitEvent } from '../events.ts';
import { namesIn } from '../names-in.ts';
import type { Paths } from '../paths.ts';
import { removeEmpty } from '../reservation.ts';
import { findNetwork } from './find.ts';
import { networkUsers } from './leases.ts';
import { isPredefined } from './predefined.ts';
import { type NetworkRecord, networkDirectory } from './store.ts';

/** Takes a network away unless it is used. False: it is. */
export function discardNetwork(paths: Paths, { name, id }: NetworkRecord): boolean {
  if (networkUsers(paths, name).length > 0) return false;
  const directory = networkDirectory(paths, name);
  const trash = join(paths.trash, `network-${name.slice(0, 200)}-${Date.now().toString(36)}-${process.pid}`);
  mkdirSync(paths.trash, { recursive: true, mode: 0o700 });
  const leases = join(directory, 'leases');
  for (const address of namesIn(leases)) removeEmpty(join(leases, address));
  try {
    rmdirSync(leases);
  } catch (error) {
    if (errnoOf(error) === 'ENOTEMPTY' || errnoOf(error) === 'EEXIST') return false;
    if (errnoOf(error) !== 'ENOENT') throw error;
  }
  try {
    renameSync(directory, trash);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return true; // somebody else has done it
    throw error;
  }
  removeTrees([trash]);
  emitEvent(paths, { type: 'network', action: 'destroy', id, attributes: { name, type: 'bridge' } });
  return true;
}

/** Removes a network. With `force` the containers in it go first; without, they are named by PodError `conflict`. */
export async function removeNetwork(
  paths: Paths,
  wish: string,
  { force, timeout }: { force: boolean; timeout?: number | undefined },
): Promise<void> {
  const network = await findNetwork(paths, wish);
  const { name } = network;
  if (isPredefined(network))
    throw new PodError({
      code: 'usage',
      message: `cannot remove the network ${name}`,
      why: 'it is always there',
    });
  for (const id of force ? networkUsers(paths, name) : []) {
    const record = readRecord(paths, id);
    if (record) await removeContainer(paths, record, { force: true, timeout, volumes: false });
  }
  if (discardNetwork(paths, network)) return;
  const users = networkUsers(paths, name).map((id) => readRecord(paths, id)?.name ?? id.slice(0, 12));
  throw new PodError({
    code: 'conflict',
    message: `cannot remove the network ${name}`,
    why: `container ${users.join(', ')} uses it`,
    hint: `tsc-pod rm ${users[0]}   # or network rm --force, which removes the containers too`,
    exitCode: 2,
  });
}
