/** Launcher operations for a container's root file system. */

import { PodError } from '../../core/error.ts';
import type { OwnerShift } from '../id-map-shift.ts';
import { idTable } from '../id-range.ts';
import type { Driver } from './driver.ts';

/** Absolute directories. */
export interface RootParts {
  /** Unpacked layers, the topmost first. */
  lowers: string[];
  /** The writable layer and its work directory, on one file system (overlay, fuse-overlayfs). */
  upper: string;
  work: string;
  /** The full copy (copy). */
  copy: string;
}

/** OVL_MAX_STACK of the kernel's overlay. */
const MAX_LOWERS = 500;

/**
 * `root-overlay UPPER WORK LOWER...`, `root-fuse ARGV...` (`@target@` stands for the mount point) or `root-bind DIR`.
 * For `root-bind` the tree must have been made by `copyPlan` before.
 */
export function rootPlan(driver: Driver, parts: RootParts, shift: OwnerShift): string[][] {
  if (driver.name === 'copy') return [['root-bind', parts.copy]];
  // An image without layers: there is nothing to lay the writable one over.
  if (parts.lowers.length === 0) return [['root-bind', parts.upper]];
  if (parts.lowers.length > MAX_LOWERS) {
    throw new PodError({
      code: 'unsupported',
      message: `cannot mount an image of ${parts.lowers.length} layers with ${driver.name}`,
      why: `it takes ${MAX_LOWERS} at most`,
      hint: 'use --storage-driver copy',
    });
  }
  if (driver.name === 'overlay') return [['root-overlay', parts.upper, parts.work, ...parts.lowers]];
  return [['root-fuse', ...fuseArguments(driver, parts, shift)]];
}

/** The same root to be looked at only, while others may have it mounted: all its layers are read-only ones. */
export function readOnlyRootPlan(driver: Driver, parts: RootParts, shift: OwnerShift): string[][] {
  if (driver.name === 'copy') return [['root-bind', parts.copy], ['root-readonly']];
  const lowers = [parts.upper, ...parts.lowers];
  if (driver.name === 'overlay') return [['root-overlay', '-', '-', ...lowers]];
  return [['root-fuse', ...fuseArguments(driver, { lowers }, shift)]];
}

/**
 * Jobs of the launcher's enter role, in the default map's namespace: `copy-owners UIDS GIDS` (each
 * `FOUND:WANTED:SIZE[,...]`) where owners move, then `copy-tree FROM... TO`, the lowest layer first.
 */
export function copyPlan(parts: RootParts, shift: OwnerShift): string[][] {
  return [...copyOwners(shift), ['copy-tree', ...parts.lowers.toReversed(), parts.copy]];
}

/** The `copy-owners` among them, if owners move. */
export function copyOwners(shift: OwnerShift): string[][] {
  if (shift.identity) return [];
  return [['copy-owners', idTable(shift.chown.uid), idTable(shift.chown.gid)]];
}

type FuseParts = Pick<RootParts, 'lowers'> & Partial<RootParts>;

function fuseArguments(driver: Driver, parts: FuseParts, shift: OwnerShift): string[] {
  const options = [`lowerdir=${parts.lowers.map(fusePath).join(':')}`];
  if (parts.upper && parts.work)
    options.push(`upperdir=${fusePath(parts.upper)}`, `workdir=${fusePath(parts.work)}`);
  if (!shift.identity) options.push(`uidmapping=${shift.uidmapping}`, `gidmapping=${shift.gidmapping}`);
  return [driver.program ?? 'fuse-overlayfs', '-o', options.join(','), '@target@'];
}

/** libfuse undoes `\,` and `\\` in option values; nothing protects the colon that separates layers. */
function fusePath(path: string): string {
  if (path.includes(':')) {
    throw new PodError({
      code: 'unsupported',
      message: 'cannot use the storage driver fuse-overlayfs',
      why: `it takes no path with a colon: ${path}`,
      hint: 'choose another data directory with --root or TSC_POD_ROOT',
    });
  }
  return path.replace(/[\\,]/g, '\\$&');
}
