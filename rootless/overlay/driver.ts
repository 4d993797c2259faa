/**
 * Which way a container's root file system is put together, and the launcher operations that do it.
 *
 * `overlay`         the kernel's, in the user namespace (Linux 5.11, option userxattr): the fastest.
 * `fuse-overlayfs`  where the kernel's does not work, and for maps that move owners.
 * `copy`            works everywhere; each container is a full copy of its image.
 */

import { PodError } from '../../core/error.ts';
import { findProgram } from '../id-map.ts';
import type { OwnerShift } from '../id-map-shift.ts';
import { canHoldUpper, fileSystemOf } from './file-system.ts';
import { fuseDeviceOpens } from './fuse-device.ts';
import { type OverlayProbe, overlayWorks } from './probe.ts';

export type DriverName = 'overlay' | 'fuse-overlayfs' | 'copy';

export interface Driver {
  name: DriverName;
  /** Why this one, as a phrase for `info`. */
  reason: string;
  /** The fuse-overlayfs program. */
  program?: string;
}

export interface DriverOptions {
  /** Value of --storage-driver: a driver, `vfs` (copy), `auto` or nothing. */
  wish?: string | undefined;
  dataRoot: string;
  shift: OwnerShift;
  /** Tries the kernel's overlay in a user namespace; undefined: it works, else why not. */
  probe: OverlayProbe;
  /** For tests: absolute path of a program, and whether /dev/fuse can be opened. */
  find?: (program: string) => string | undefined;
  fuseDevice?: () => boolean;
}

/** The driver for a container. Throws `missing` or `unsupported` where an explicit wish can't be met. */
export async function driverFor(options: DriverOptions): Promise<Driver> {
  const wish = driverName(options.wish);
  const overlay = await whyNotOverlay(options, wish);
  if (wish === 'overlay' || wish === 'auto') {
    if (overlay === undefined)
      return { name: 'overlay', reason: 'the kernel has overlay in user namespaces' };
    if (wish === 'overlay') throw unmet('overlay', overlay);
  }
  if (wish === 'fuse-overlayfs' || wish === 'auto') {
    const fuse = whyNotFuse(options);
    if ('program' in fuse) {
      return { name: 'fuse-overlayfs', reason: overlay ?? 'asked for', program: fuse.program };
    }
    if (wish === 'fuse-overlayfs') throw unmet('fuse-overlayfs', fuse.why, fuse.fix);
    return { name: 'copy', reason: `${overlay}; ${fuse.why}` };
  }
  return { name: 'copy', reason: 'asked for' };
}

/** A driver's name from --storage-driver, TSC_POD_STORAGE_DRIVER or a config file. */
export function driverName(text: string | undefined): DriverName | 'auto' {
  switch (text) {
    case undefined:
    case '':
    case 'auto':
      return 'auto';
    case 'vfs':
      return 'copy';
    case 'overlay':
    case 'fuse-overlayfs':
    case 'copy':
      return text;
    default:
      throw new PodError({
        code: 'usage',
        message: `unknown storage driver ${JSON.stringify(text)}`,
        hint: '--storage-driver takes auto, overlay, fuse-overlayfs or copy',
      });
  }
}

async function whyNotOverlay(options: DriverOptions, wish: string): Promise<string | undefined> {
  if (wish === 'fuse-overlayfs' || wish === 'copy') return undefined;
  if (!options.shift.identity) return "the kernel's overlay can't move owners to another id map";
  return overlayWorks(options.dataRoot, options.probe);
}

type Fuse = { program: string } | { why: string; fix?: string };

function whyNotFuse(options: DriverOptions): Fuse {
  const { shift } = options;
  if (!shift.identity && !shift.reachesUser) {
    return { why: "this id map leaves out the user's own id, so fuse-overlayfs could not open the layers" };
  }
  const program = (options.find ?? findProgram)('fuse-overlayfs');
  if (!program) return { why: 'fuse-overlayfs is not installed', fix: 'sudo apt-get install fuse-overlayfs' };
  if (!(options.fuseDevice ?? fuseDeviceOpens)()) {
    return { why: '/dev/fuse can not be opened', fix: 'sudo modprobe fuse; sudo chmod 0666 /dev/fuse' };
  }
  const kind = fileSystemOf(options.dataRoot);
  if (!canHoldUpper(kind, 'fuse-overlayfs')) return { why: `${options.dataRoot} is on ${kind}` };
  return { program };
}

function unmet(driver: DriverName, why: string, fix?: string): PodError {
  return new PodError({
    code: fix === undefined ? 'unsupported' : 'missing',
    message: `cannot use the storage driver ${driver}`,
    why,
    hint: fix ?? 'tsc-pod doctor tells which drivers work; --storage-driver auto takes the best of them',
  });
}
