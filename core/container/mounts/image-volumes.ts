import { join, normalize } from 'node:path';
import type { ContainerOptions } from '../options.ts';
import type { MountRequest } from './request.ts';
import { usualTmpfs } from './tmpfs-flag.ts';
import { bindOptions } from './words.ts';

/** What VOLUME in the image's Dockerfile asks for: an anonymous volume each, unless --image-volume says otherwise. */
export function imageVolumes(
  volumes: Readonly<Record<string, object>> | null | undefined,
  mode: ContainerOptions['imageVolume'],
): MountRequest[] {
  if (mode === 'ignore') return [];
  const paths = Object.keys(volumes ?? {}).map((path) => normalize(join('/', path)).replace(/\/+$/, ''));
  const asked = 'VOLUME of the image';
  return [...new Set(paths)]
    .filter((path) => path !== '')
    .map((destination) =>
      mode === 'tmpfs'
        ? usualTmpfs(destination, asked)
        : { kind: 'volume', asked, destination, source: undefined, options: bindOptions([]) },
    );
}
