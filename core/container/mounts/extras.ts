import type { MountExtra } from '../../../rootless/compile.ts';
import type { Paths } from '../../paths.ts';
import { volumeDirectory } from '../../volume/store.ts';
import type { ContainerRecord } from '../record.ts';
import { containerDirectory } from '../store.ts';
import { overlayLowers, overlayScratch } from './user-mounts.ts';

/** What the plan says of a container's mounts beside what its spec does, by destination. */
export function mountExtras(
  paths: Paths,
  record: Pick<ContainerRecord, 'id' | 'hints' | 'volumes' | 'overlays'>,
): Record<string, MountExtra> {
  const directory = containerDirectory(paths, record.id);
  const extras: Record<string, MountExtra> = {};
  for (const [destination, hint] of Object.entries(record.hints)) extras[destination] = { hint };
  for (const { name, destination, subpath, memory } of record.volumes)
    extras[destination] = {
      ...extras[destination],
      subpath,
      ...(memory && { memory: volumeDirectory(paths, name) }),
    };
  for (const [index, overlay] of (record.overlays ?? []).entries()) {
    const { destination, subpath, writable } = overlay;
    const scratch = writable ? overlayScratch(directory, index) : undefined;
    const lowers = overlayLowers(paths, overlay);
    extras[destination] = { ...extras[destination], subpath, overlay: { lowers, scratch } };
  }
  return extras;
}
