import { join } from 'node:path';
import type { IdMaps } from '../../../rootless/id-map.ts';
import type { OciMount } from '../../../rootless/oci-spec.ts';
import { PodError } from '../../error.ts';
import { resolveImage } from '../../images/find.ts';
import { visibleLayers } from '../../images/unpack/unpack.ts';
import type { Paths } from '../../paths.ts';
import type { NewVolume } from '../../volume/store.ts';
import type { ContainerOptions } from '../options.ts';
import type { OverlayUse, VolumeUse } from '../record.ts';
import { layerDirectories } from '../root.ts';
import { checkBindSource, ownerNotice } from './bind-source.ts';
import { parseDeviceFlag } from './device-flag.ts';
import { isIdmap, withIdmap } from './idmap.ts';
import { imageVolumes } from './image-volumes.ts';
import { parseMountFlag } from './mount-flag.ts';
import { checkPropagation } from './propagation.ts';
import { type MountRequest, refuse } from './request.ts';
import { parseTmpfsFlag, usualTmpfs } from './tmpfs-flag.ts';
import { parseVolumeFlag } from './volume-flag.ts';
import { volumeMount } from './volume-mount.ts';
import { volumesFrom } from './volumes-from.ts';

export type MountFlags = Pick<
  ContainerOptions,
  'volume' | 'mount' | 'tmpfs' | 'device' | 'volumesFrom' | 'imageVolume' | 'readOnly' | 'readOnlyTmpfs'
>;

export interface MountContext {
  paths: Paths;
  /** The container's directory, once it is made. */
  directory: string;
  imageVolumes: Readonly<Record<string, object>> | null | undefined;
  /** Who the container's process runs as, in its own ids. */
  user: { uid: number; gid: number };
  maps: IdMaps;
  /** The user's own map, from which `maps` is made. */
  defaults: IdMaps;
  notice: (line: string) => void;
  dryRun: boolean;
  /** Sources are this program's own work: nobody is asked whether the user may read them. */
  ownSources?: boolean;
}

/** What flags, other containers and the image ask to be mounted. */
export interface UserMounts {
  mounts: OciMount[];
  volumes: VolumeUse[];
  overlays: OverlayUse[];
  /** Destinations of what users see as mounts: all but devices and what --read-only brings. */
  shown: string[];
  /** Volumes to make unless they are there. */
  wanted: NewVolume[];
  /** Directories of the host whose files are to be given to the container's user. */
  chown: string[];
  /** destination -> what to say when its mount fails. */
  hints: Record<string, string>;
}

/** Flags come first, then other containers, then the image. Two flags for one place are an error. */
function requestsOf(flags: MountFlags, context: MountContext): MountRequest[] {
  const chosen = new Map<string, MountRequest>();
  const explicit = [
    ...flags.volume.map(parseVolumeFlag),
    ...flags.mount.map(parseMountFlag),
    ...flags.tmpfs.map(parseTmpfsFlag),
    ...flags.device.map(parseDeviceFlag),
  ];
  for (const request of explicit) {
    const other = chosen.get(request.destination);
    if (other)
      throw new PodError({
        code: 'usage',
        message: `two mounts for ${request.destination}`,
        why: `${other.asked} and ${request.asked}`,
        hint: 'give one of them',
      });
    chosen.set(request.destination, request);
  }
  const borrowed = flags.volumesFrom.flatMap((value) => volumesFrom(value, context.paths));
  const last = new Map(borrowed.map((request) => [request.destination, request]));
  for (const request of [...last.values(), ...imageVolumes(context.imageVolumes, flags.imageVolume)])
    if (!chosen.has(request.destination)) chosen.set(request.destination, request);
  const depth = ({ destination }: MountRequest) => destination.split('/').length;
  return [...chosen.values()].sort((a, b) => depth(a) - depth(b));
}

const WRITABLE = ['/run', '/tmp', '/var/tmp'];

/** All mounts that are asked for, the outer before the inner. Nothing is made but what `create` asks for. */
export function userMounts(flags: MountFlags, context: MountContext): UserMounts {
  const result: UserMounts = {
    ...{ mounts: [], volumes: [], overlays: [], shown: [], wanted: [], chown: [], hints: {} },
  };
  const requests = requestsOf(flags, context);
  if (flags.readOnly && flags.readOnlyTmpfs) {
    const covered = new Set(requests.map(({ destination }) => destination));
    for (const path of WRITABLE)
      if (!covered.has(path)) result.mounts.push(filesystem(usualTmpfs(path, '--read-only'), context));
  }
  for (const request of requests) {
    refuseIdmapWith(request);
    const mount = resolveRequest(request, context, result);
    result.mounts.push(withIdmap(mount, request.asked, context.defaults, context.maps));
    if (request.kind !== 'device') result.shown.push(request.destination);
    result.hints[request.destination] = `the mount was asked for by ${request.asked}`;
  }
  return result;
}

/** Other owners are shown of files that stay where they are and whose they are. */
function refuseIdmapWith({ asked, options, overlay, chown }: MountRequest): void {
  if (!options.some(isIdmap) || (!overlay && !chown)) return;
  throw refuse(asked, `idmap and ${overlay ? 'O' : 'U'} exclude each other`, 'give one of them');
}

function resolveRequest(request: MountRequest, context: MountContext, result: UserMounts): OciMount {
  const { destination, options } = request;
  switch (request.kind) {
    case 'filesystem':
      return filesystem(request, context);
    case 'device':
      return { destination, type: 'bind', source: request.source!, options };
    case 'image':
      return imageMount(request, context, result);
    case 'volume':
      return mountVolume(request, context, result);
    default: {
      const about = context.ownSources ? undefined : checkBindSource(request, context.dryRun);
      const notice = about && !options.some(isIdmap) && ownerNotice(request, about, context.maps);
      if (notice) context.notice(notice);
      if (about) checkPropagation({ asked: request.asked, source: request.source!, options }, context.notice);
      if (request.chown) result.chown.push(request.source!);
      if (request.overlay)
        return overlayMount({ destination, directory: request.source! }, options, context, result);
      return { destination, type: 'bind', source: request.source!, options };
    }
  }
}

function filesystem({ destination, source, options, chown }: MountRequest, { user }: MountContext): OciMount {
  const type = source ?? 'tmpfs';
  const owner = chown ? [`uid=${user.uid}`, `gid=${user.gid}`] : [];
  return { destination, type, source: type, options: [...options, ...owner] };
}

function mountVolume(request: MountRequest, context: MountContext, result: UserMounts): OciMount {
  const { destination, subpath } = request;
  const { mount, use, wanted, data } = volumeMount(request, context.paths);
  result.wanted.push(wanted);
  result.volumes.push(use);
  if (data === undefined) return mount;
  if (use.source !== undefined) checkBindSource({ ...request, source: use.source }, context.dryRun);
  checkPropagation(
    { asked: request.asked, source: use.source ?? context.paths.data, options: mount.options ?? [] },
    context.notice,
  );
  if (request.chown) result.chown.push(data);
  if (!request.overlay) return mount;
  return overlayMount({ destination, directory: data, subpath }, mount.options ?? [], context, result);
}

function imageMount(request: MountRequest, context: MountContext, result: UserMounts): OciMount {
  const { destination, subpath, options } = request;
  const image = resolveImage(context.paths, request.source!);
  if (!image)
    throw new PodError({
      code: 'not-found',
      message: `cannot mount the image ${request.source} on ${destination}`,
      why: 'it is not in the store',
      hint: `tsc-pod pull ${request.source}`,
    });
  const layers = visibleLayers(context.paths.layers, image.diffIds).map((id) =>
    id.slice(id.indexOf(':') + 1),
  );
  const use = { destination, image: image.id, layers, subpath };
  return overlayMount(use, request.overlay ? options : [...options, 'ro'], context, result);
}

function overlayMount(
  use: Omit<OverlayUse, 'writable'>,
  options: readonly string[],
  { paths, directory }: MountContext,
  result: UserMounts,
): OciMount {
  const writable = !options.includes('ro');
  const overlay = { ...use, writable };
  const scratch = overlayScratch(directory, result.overlays.push(overlay) - 1);
  const lowers = overlayLowers(paths, overlay).map((path) => path.replace(/[\\:]/g, '\\$&'));
  const own = writable ? [`upperdir=${join(scratch, 'upper')}`, `workdir=${join(scratch, 'work')}`] : [];
  const words = options.filter((word) => word !== 'bind' && word !== 'rbind');
  return {
    destination: use.destination,
    type: 'overlay',
    source: 'overlay',
    options: ['userxattr', `lowerdir=${lowers.join(':')}`, ...own, ...words],
  };
}

/** What a container's overlay number `index` is made of, the topmost first. */
export function overlayLowers(paths: Paths, overlay: OverlayUse): string[] {
  if (overlay.directory !== undefined) return [overlay.directory];
  return layerDirectories(paths, overlay.layers ?? []);
}

/** Where the launcher keeps what is written to it. */
export function overlayScratch(directory: string, index: number): string {
  return join(directory, 'overlays', String(index));
}
