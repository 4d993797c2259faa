import { mkdirSync } from 'node:fs';
import { emitEvent } from '../events.ts';
import type { Paths } from '../paths.ts';
import { readLocalOptions } from './local-options.ts';
import { makeVolume, type NewVolume } from './store.ts';

/** Makes a volume unless there is one of that name, as docker does. */
export function createVolume(paths: Paths, volume: NewVolume): void {
  readLocalOptions(volume.options ?? {});
  mkdirSync(paths.volumes, { recursive: true, mode: 0o700 });
  if (!makeVolume(paths, volume)) return;
  emitEvent(paths, { type: 'volume', action: 'create', id: volume.name, attributes: { driver: 'local' } });
}
