import { closeSync, openSync } from 'node:fs';

/** /dev/fuse exists and this user may open it: fuse(4). */
export function fuseDeviceOpens(path = '/dev/fuse'): boolean {
  try {
    closeSync(openSync(path, 'r+'));
    return true;
  } catch {
    return false;
  }
}
