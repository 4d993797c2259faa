import type { OciMount } from '../../../rootless/oci-spec.ts';
import type { Paths } from '../../paths.ts';
import type { ContainerRecord } from '../record.ts';
import { findContainer, readSpec } from '../store.ts';
import { type MountRequest, refuse } from './request.ts';

const WORDS = new Set(['ro', 'rw', 'z', 'Z']);

/** `--volumes-from CONTAINER[:ro|rw|z|Z,...]`: its bind mounts and volumes, at the same places. */
export function volumesFrom(value: string, paths: Paths): MountRequest[] {
  const asked = `--volumes-from ${value}`;
  const colon = value.indexOf(':');
  const words = colon < 0 ? [] : value.slice(colon + 1).split(',');
  const unknown = words.find((word) => !WORDS.has(word));
  if (unknown !== undefined)
    throw refuse(asked, `unknown option ${JSON.stringify(unknown)}`, 'there is ro, rw, z and Z');
  const record = findContainer(paths, colon < 0 ? value : value.slice(0, colon));
  const mounts = readSpec(paths, record.id)?.mounts ?? [];
  const requests = (record.userMounts ?? [])
    .map((destination) => mounts.find((mount) => mount.destination === destination))
    .map((mount) => mount && sameMount(asked, mount, record))
    .filter((request) => request !== undefined);
  if (words.includes('ro'))
    for (const request of requests) request.options = [...new Set([...request.options, 'ro'])];
  return requests;
}

/** undefined: it is neither a bind mount nor a volume. */
function sameMount(asked: string, mount: OciMount, record: ContainerRecord): MountRequest | undefined {
  const { destination } = mount;
  const volume = record.volumes.find((one) => one.destination === destination);
  const overlay = record.overlays?.find((one) => one.destination === destination);
  const base = { asked, destination, options: plain(mount.options ?? []) };
  if (volume) {
    const { name, anonymous, subpath, fill } = volume;
    return {
      ...base,
      kind: 'volume',
      source: name,
      anonymous,
      ...(subpath && { subpath }),
      nocopy: fill !== true,
      ...(overlay && { overlay: true }),
    };
  }
  if (overlay?.directory) return { ...base, kind: 'bind', source: overlay.directory, overlay: true };
  if (mount.type !== 'bind' || overlay) return undefined;
  return { ...base, kind: 'bind', source: mount.source };
}

const plain = (options: readonly string[]): string[] =>
  options.filter((word) => !/^(lowerdir|upperdir|workdir)=/.test(word) && word !== 'userxattr');
