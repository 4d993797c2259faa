import type { OciMount, OciSpec } from '../../rootless/oci-spec.ts';
import type { ContainerRecord } from './record.ts';

/** What the user or the image has asked for; the rest is the container's own furniture. */
function isAsked(record: ContainerRecord, directory: string): (mount: OciMount) => boolean {
  const tmpfs = new Set((record.asked?.tmpfs ?? []).map((text) => text.split(':')[0]));
  if (record.userMounts) {
    const wanted = new Set(record.userMounts);
    return ({ destination }) => wanted.has(destination) && !tmpfs.has(destination);
  }
  return ({ type, source, destination }) =>
    type === 'bind' && !source?.startsWith(directory) && !destination.startsWith('/dev/');
}

/** Docker's Mounts: binds, volumes and the tmpfs of --mount; those of --tmpfs are in HostConfig.Tmpfs. */
export function shownMounts(record: ContainerRecord, spec: OciSpec, directory: string): object[] {
  return spec.mounts.filter(isAsked(record, directory)).map((mount) => {
    const volume = record.volumes.find((one) => one.destination === mount.destination);
    const options = mount.options ?? [];
    return {
      Type: volume ? 'volume' : mount.type === 'tmpfs' ? 'tmpfs' : 'bind',
      ...(volume && { Name: volume.name }),
      Source: mount.type === 'tmpfs' ? '' : (mount.source ?? ''),
      Destination: mount.destination,
      Driver: volume ? 'local' : '',
      Mode: '',
      Options: options,
      RW: !options.includes('ro'),
      Propagation: options.find((word) => /^r?(private|shared|slave)$/.test(word)) ?? '',
    };
  });
}
