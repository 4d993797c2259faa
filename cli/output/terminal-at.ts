import { fstatSync } from 'node:fs';
import { isatty } from 'node:tty';

/** Memory devices (devices.txt of the kernel): /dev/null is one. */
const MEMORY_MAJOR = 1;

/** Whether a descriptor is a terminal. node:tty, which loads all of node:net, is asked only about what may be one. */
export function isTerminalAt(fd: number): boolean {
  try {
    const stat = fstatSync(fd);
    return stat.isCharacterDevice() && stat.rdev >> 8 !== MEMORY_MAJOR && isatty(fd);
  } catch {
    return false; // closed
  }
}
