import { existsSync, readdirSync } from 'node:fs';
import { findId, reservation } from '../named.ts';
import type { Paths } from '../paths.ts';
import { discardContainer } from './discard.ts';
import type { ContainerRecord } from './record.ts';
import { removeTrees } from './remove-tree.ts';
import { stopContainer } from './stop.ts';

/**
 * Removes a container whose record can't be read: what runs of it is ended, and its name is given back. Its volumes stay,
 * since nobody knows which they are. `wish`: its name or the beginning of its id.
 */
export async function removeDamaged(paths: Paths, wish: string): Promise<void> {
  const id = findId(paths, 'container', wish);
  if (id === undefined) return;
  const name = readdirSync(paths.names).find((one) => existsSync(reservation(paths, one, id))) ?? id;
  const remnant = {
    id,
    name,
    volumes: [],
    network: { mode: 'none' },
    autoRemove: false,
    stopSignal: 'SIGKILL',
    stopTimeout: 0,
    restart: { name: 'always', maximum: 0 },
  } as unknown as ContainerRecord;
  await stopContainer(paths, remnant);
  removeTrees(discardContainer(paths, remnant) ?? []);
}
