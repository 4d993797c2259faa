/** Files of a running container, whose processes may change what lies on the way at any moment. */
import { closeSync, constants, fstatSync, openSync, readlinkSync, readSync } from 'node:fs';
import { attempt, BYTES_MAX, walkPath } from './walk-path.ts';

/** open(2); Node has no name for it. The same on every architecture that asm-generic/fcntl.h is used on. */
const O_PATH = 0o10000000;

const seen = (fd: number): string => `/proc/self/fd/${fd}`;

/**
 * The text of a regular file below `root`; undefined when there is none, or it is larger than 4 MiB. Every step is
 * taken from an open directory and links are followed by hand, as if `root` were the root: what is changed meanwhile
 * can give another text, but none from outside, and no pipe that is waited for.
 */
export function readFileBelow(root: string, path: string): string | undefined {
  const top = attempt(() => openSync(root, O_PATH | constants.O_DIRECTORY));
  if (top === undefined) return undefined;
  const way = [top];
  const backTo = (depth: number) => way.splice(depth).forEach((fd) => void closeSync(fd));
  try {
    const isThere = walkPath(path, {
      enter(step) {
        const name = `${seen(way.at(-1)!)}/${step}`;
        const fd = attempt(() => openSync(name, O_PATH | constants.O_NOFOLLOW));
        if (fd === undefined) return undefined;
        way.push(fd);
        if (!fstatSync(fd).isSymbolicLink()) return 'entered';
        backTo(way.length - 1);
        const link = attempt(() => readlinkSync(name));
        return link === undefined ? undefined : { link };
      },
      leave: () => backTo(Math.max(way.length - 1, 1)),
      restart: () => backTo(1),
    });
    const last = way.at(-1)!;
    return isThere && fstatSync(last).isFile() ? textOf(last) : undefined;
  } finally {
    backTo(0);
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
