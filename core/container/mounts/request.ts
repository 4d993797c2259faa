import { isAbsolute, normalize } from 'node:path';
import { PodError } from '../../error.ts';

/** One mount that a flag, the image or another container asks for, before anything is looked up. */
export interface MountRequest {
  kind: 'bind' | 'volume' | 'image' | 'device' | 'filesystem';
  /** As the user typed it, to name it in errors: `-v /a:/b:ro`. */
  asked: string;
  /** Absolute, normal, not the root. */
  destination: string;
  /**
   * bind, device: an absolute path of the host; volume: its name, undefined for an anonymous one; image: its name;
   * filesystem: its type.
   */
  source: string | undefined;
  /** The OCI mount's. */
  options: string[];
  /** bind, volume: shown by an overlay whose changes go away. image: it can be written to in that manner. */
  overlay?: boolean;
  /** All files in it are given to the container's user; of a tmpfs, its root. */
  chown?: boolean;
  /** volume: its first use copies nothing from the image. */
  nocopy?: boolean;
  /** bind: a directory is made where there is nothing. */
  create?: boolean;
  /** volume, image: the path below its root that is mounted. */
  subpath?: string;
  /** volume: nobody named it, though another container's mount tells its name. */
  anonymous?: boolean;
  /** volume: what it gets if it is made now. */
  labels?: Record<string, string>;
  /** volume: options of its driver if it is made now. */
  volumeOptions?: Record<string, string>;
}

const EXAMPLES: Record<string, string> = {
  '-v': '/on/the/host:/in/the/container:ro',
  '--mount': 'type=bind,source=/on/the/host,target=/in/the/container',
  '--device': '/dev/fuse',
};

/** The error for a flag's value. Without a hint it gets an example. */
export function refuse(asked: string, why: string, hint?: string): PodError {
  const flag = asked.split(' ', 1)[0]!;
  const example = EXAMPLES[flag] && `for example: ${flag} ${EXAMPLES[flag]}`;
  return new PodError({ code: 'usage', message: `cannot use ${asked}`, why, hint: hint ?? example });
}

/** A path in the container that something is to be mounted on. */
export function destinationOf(asked: string, path: string): string {
  if (!isAbsolute(path))
    throw refuse(asked, `the path in the container, ${JSON.stringify(path)}, is not absolute`);
  const clean = normalize(path).replace(/\/+$/, '');
  if (clean === '') throw refuse(asked, "the container's root can't be mounted over");
  return clean;
}

/** A path below the root of a volume or an image, without leading slash; undefined: all of it. */
export function subpathOf(asked: string, path: string): string | undefined {
  if (path.split('/').includes('..'))
    throw refuse(asked, `the path in it, ${JSON.stringify(path)}, leads out of it`);
  const clean = normalize(`/${path}`).replace(/^\/+|\/+$/g, '');
  return clean === '' ? undefined : clean;
}
