/**
 * Images whose files are mounted to be looked at, read-only, in the mount namespace of the caller: that of
 * `tsc-pod unshare`, where a user may mount. The kernel says which are; nothing is written down.
 */

import { mkdirSync, readFileSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { runLauncher } from '../../rootless/launcher.ts';
import { PodError } from '../error.ts';
import { launcherPath } from '../launcher.ts';
import type { Paths } from '../paths.ts';
import type { ImageRecord } from './format/types.ts';
import { layerPath } from './layout.ts';
import { visibleLayers } from './unpack/unpack.ts';

/** The overlay refuses more: OVL_MAX_STACK. One place is that of the empty directory below them all. */
const MOST_LAYERS = 499;

function placeOf(
  { runtime }: Pick<Paths, 'runtime'>,
  id: string,
): { place: string; root: string; empty: string } {
  const place = join(runtime, 'image-mounts', id);
  return { place, root: join(place, 'root'), empty: join(place, 'empty') };
}

/** Mount points of images here, by id. */
export function mountedImages(paths: Pick<Paths, 'runtime'>): Map<string, string> {
  const above = `${join(paths.runtime, 'image-mounts')}/`;
  const mounted = new Map<string, string>();
  for (const line of readFileSync('/proc/self/mountinfo', 'utf8').split('\n')) {
    const point = (line.split(' ')[4] ?? '').replace(/\\([0-7]{3})/g, (_, octal) =>
      String.fromCharCode(Number.parseInt(octal, 8)),
    );
    const id = point.startsWith(above)
      ? /^([a-f0-9]{64,128})\/root$/.exec(point.slice(above.length))?.[1]
      : undefined;
    if (id !== undefined) mounted.set(id, point);
  }
  return mounted;
}

/** Mounts an image, unless it is; gives the mount point. `unsupported` where the kernel's overlay doesn't work. */
export function mountImage(paths: Pick<Paths, 'runtime' | 'layers'>, image: ImageRecord): string {
  const present = mountedImages(paths).get(image.id);
  if (present !== undefined) return present;
  const { root, empty } = placeOf(paths, image.id);
  const layers = visibleLayers(paths.layers, image.diffIds).map((diffId) =>
    join(layerPath(paths, diffId), 'fs'),
  );
  if (layers.length > MOST_LAYERS)
    throw new PodError({
      code: 'unsupported',
      message: `cannot mount an image of ${layers.length} layers`,
      why: `the overlay takes ${MOST_LAYERS} at most`,
    });
  for (const directory of [root, empty]) mkdirSync(directory, { recursive: true, mode: 0o700 });
  // The overlay wants two layers at least.
  const lowers = [...layers.reverse(), empty];
  if (lowers.length === 1) lowers.push(root);
  runLauncher(launcherPath(), 'enter', [
    ['root-target', root],
    ['root-overlay', '-', '-', ...lowers],
    ['mount-root'],
  ]);
  return root;
}

/** Unmounts an image; `force`: though somebody still uses a file of it. PodError `conflict` where that is so. */
export function unmountImage(paths: Pick<Paths, 'runtime'>, id: string, force: boolean): void {
  const { place, root, empty } = placeOf(paths, id);
  runLauncher(launcherPath(), 'enter', [['unmount', root, ...(force ? ['detach'] : [])]]);
  try {
    for (const directory of [root, empty, place]) rmdirSync(directory);
  } catch {
    // It is mounted elsewhere.
  }
}
