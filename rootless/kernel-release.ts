import { readFileSync } from 'node:fs';

/**
 * The kernel's release, such as `6.12.0-amd64`: proc_sys_kernel(5). Node's os.release() is read when its module is loaded, and
 * so, in the start-up snapshot, is that of the machine which has built it.
 */
export function kernelRelease(): string {
  return readFileSync('/proc/sys/kernel/osrelease', 'utf8').trim();
}
