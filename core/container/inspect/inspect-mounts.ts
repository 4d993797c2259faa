import type { OciMount, OciSpec } from '../../../rootless/oci-spec.ts';
import { parseTmpfsFlag } from '../mounts/tmpfs-flag.ts';
import type { ContainerRecord, OverlayUse } from '../record.ts';

/** Docker's Mounts: what users see as mounted; what --tmpfs brings is in HostConfig.Tmpfs instead. */
export function shownMounts(record: ContainerRecord, spec: OciSpec): object[] {
  const tmpfs = new Set((record.asked?.tmpfs ?? []).map((value) => parseTmpfsFlag(value).destination));
  const mounts = new Map(spec.mounts.map((mount) => [mount.destination, mount]));
  return (record.userMounts ?? [])
    .filter((destination) => !tmpfs.has(destination))
    .map((destination) => mounts.get(destination))
    .filter((mount) => mount !== undefined)
    .map((mount) => shownMount(record, mount));
}

function shownMount(record: ContainerRecord, { destination, type, source, options = [] }: OciMount): object {
  const volume = record.volumes.find((one) => one.destination === destination);
  const overlay = record.overlays?.find((one) => one.destination === destination);
  return {
    Type: volume ? 'volume' : overlay ? overlayType(overlay) : (type ?? 'bind'),
    ...(volume && { Name: volume.name }),
    Source: overlay ? (overlay.directory ?? overlay.image ?? '') : type === 'bind' ? (source ?? '') : '',
    Destination: destination,
    Driver: volume ? 'local' : '',
    Mode: overlay && overlay.image === undefined ? 'O' : '',
    Options: overlay ? options.filter((word) => !OVERLAY_OWN.test(word)) : options,
    RW: !options.includes('ro'),
    Propagation: options.find((word) => /^r?(private|shared|slave)$/.test(word)) ?? '',
  };
}

/** How the overlay itself is made, which is nobody's wish. */
const OVERLAY_OWN = /^(userxattr|(lower|upper|work)dir=.*)$/;

function overlayType({ image }: OverlayUse): string {
  return image === undefined ? 'bind' : 'image';
}
