import type { MountExtra, MountOwners } from '../../../rootless/compile.ts';
import { compose, type IdRange, inverse, subtract } from '../../../rootless/id-range.ts';
import type { OciIdMapping, OciLinux, OciMount, OciSpec } from '../../../rootless/oci-spec.ts';
import type { Paths } from '../../paths.ts';
import { volumeDirectory } from '../../volume/store.ts';
import type { ContainerRecord } from '../record.ts';
import { containerDirectory } from '../store.ts';
import { overlayLowers, overlayScratch } from './user-mounts.ts';

const ranges = (mappings: readonly OciIdMapping[] = []): IdRange[] =>
  mappings.map(({ containerID, hostID, size }) => ({ container: containerID, host: hostID, size }));

/** What a namespace calls those whom it has no id for, so that nothing can tell them from who has that number. */
const NOBODY = { container: 0, host: 65534, size: 1 };

/** Id on disk, as the container's namespace has it, to the container's id that it is shown as. */
function ownersOf(mount: OciMount, linux: OciLinux): MountOwners {
  const table = (own: IdRange[], shown: IdRange[]) =>
    inverse(subtract(inverse(compose(compose(own, shown), inverse(own))), [NOBODY]));
  return {
    uids: table(ranges(linux.uidMappings), ranges(mount.uidMappings)),
    gids: table(ranges(linux.gidMappings), ranges(mount.gidMappings)),
  };
}

/** What the plan says of a container's mounts beside what its spec does, by destination. */
export function mountExtras(
  paths: Paths,
  record: Pick<ContainerRecord, 'id' | 'hints' | 'volumes' | 'overlays'>,
  spec: OciSpec,
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
  for (const mount of spec.mounts)
    if (mount.uidMappings)
      extras[mount.destination] = { ...extras[mount.destination], owners: ownersOf(mount, spec.linux) };
  return extras;
}
