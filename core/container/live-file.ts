/** Files of a running container, whose processes may change what lies on the way at any moment. */
import { closeSync, constants, fstatSync, openSync, readlinkSync, readSync } from 'node:fs';
import { errnoOf } from '../error.ts';

const LINKS_MAX = 40; // the kernel's own limit, path_resolution(7)
const BYTES_MAX = 4 << 20;
/** open(2); Node has no name for it. The same on every architecture that asm-generic/fcntl.h is used on. */
const O_PATH = 0o10000000;
const NOT_THERE = new Set(['ENOENT', 'ENOTDIR', 'EACCES', 'EINVAL', 'ELOOP', 'ENXIO']);

function attempt<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch (error) {
    if (NOT_THERE.has(errnoOf(error) ?? '')) return undefined;
    throw error;
  }
}

const seen = (fd: number): string => `/proc/self/fd/${fd}`;
const steps = (path: string): string[] => path.split('/').filter((step) => step !== '' && step !== '.');

/**
 * The text of a regular file below `root`; undefined when there is none, or it is larger than 4 MiB. Every step is
 * taken from an open directory and links are followed by hand, as if `root` were the root: what is changed meanwhile
 * can give another text, but none from outside, and no pipe that is waited for.
 */
export function readFileBelow(root: string, path: string): string | undefined {
  const top = attempt(() => openSync(root, O_PATH | constants.O_DIRECTORY));
  if (top === undefined) return undefined;
  const directories = [top];
  const ascend = (depth: number) => directories.splice(depth).forEach((fd) => void closeSync(fd));
  const pending = steps(path);
  try {
    for (let links = 0, step = pending.shift(); step !== undefined; step = pending.shift()) {
      if (step === '..') {
        ascend(Math.max(directories.length - 1, 1));
        continue;
      }
      const name = `${seen(directories.at(-1)!)}/${step}`;
      const fd = attempt(() => openSync(name, O_PATH | constants.O_NOFOLLOW));
      if (fd === undefined) return undefined;
      directories.push(fd);
      const about = fstatSync(fd);
      if (about.isSymbolicLink()) {
        ascend(directories.length - 1);
        const target = attempt(() => readlinkSync(name));
        if (target === undefined || ++links > LINKS_MAX) return undefined;
        if (target.startsWith('/')) ascend(1);
        pending.unshift(...steps(target));
      } else if (pending.length === 0) return about.isFile() ? textOf(fd) : undefined;
    }
    return undefined;
  } finally {
    ascend(0);
  }
}

/** `file` is an O_PATH descriptor of a regular file: opening it again by that can't lead elsewhere. */
function textOf(file: number): string | undefined {
  const fd = attempt(() => openSync(seen(file), constants.O_RDONLY | constants.O_NONBLOCK));
  if (fd === undefined) return undefined;
  try {
    const bytes = Buffer.allocUnsafe(Math.min(fstatSync(fd).size, BYTES_MAX) + 1);
    let length = 0;
    for (let got = -1; got !== 0 && length < bytes.length; length += got)
      got = readSync(fd, bytes, length, bytes.length - length, null);
    return length < bytes.length ? bytes.toString('utf8', 0, length) : undefined;
  } finally {
    closeSync(fd);
  }
}
