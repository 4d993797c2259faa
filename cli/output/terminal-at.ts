import { fstatSync } from 'node:fs';
import { isatty } from 'node:tty';

/** Whether a descriptor of this process is a terminal. node:tty, which loads all of node:net, is asked only about devices. */
export function isTerminalAt(fd: number): boolean {
  try {
    return fstatSync(fd).isCharacterDevice() && isatty(fd);
  } catch {
    return false; // closed
  }
}
