/** What a check of `doctor` looks at and what it says. */

import type { HostUser, IdMaps } from '../../rootless/id-map.ts';

export type Status = 'ok' | 'warn' | 'fail';

export interface Check {
  /** What was looked at: `user namespaces`. */
  name: string;
  /** warn: containers run, with less; fail: they don't run. */
  status: Status;
  detail: string;
  /** A command to paste. */
  fix?: string;
}

/** The system as checks see it; tests describe another one. */
export interface DoctorHost {
  user: HostUser;
  env: Record<string, string | undefined>;
  dataRoot: string;
  /** Kernel release: `6.1.0-28-amd64`. */
  release: string;
  maps: IdMaps;
  /** Text of a file, or undefined. */
  read: (path: string) => string | undefined;
  /** Errno name of opening a file to read and write, or undefined when that works. */
  open: (path: string) => string | undefined;
  stat: (path: string) => { mode: number; uid: number } | undefined;
  /** Absolute path of a program, or undefined. */
  find: (program: string) => string | undefined;
  /** Standard output of a short command, or undefined when it failed. */
  output: (argv: string[]) => string | undefined;
  /** Bytes and inodes that the user can still fill at a path. */
  space: (path: string) => { bytes: number; inodes: number; kind: string };
  /** Does nothing, in a user namespace with these maps: why that failed, or undefined. */
  enter: (maps: IdMaps) => string | undefined;
  /** Why the kernel's overlay can't be used on the data root, or undefined. */
  overlay: () => Promise<string | undefined>;
}

export type CheckFunction = (host: DoctorHost) => Check | Check[] | Promise<Check>;

/** `6.1.0-28-amd64` is at least 5.12. */
export function kernelAtLeast(release: string, major: number, minor: number): boolean {
  const [a = 0, b = 0] = release.split('.').map((part) => Number.parseInt(part, 10));
  return a > major || (a === major && b >= minor);
}

/** The options and the file system type of the mount that a path is on: /proc/self/mountinfo, proc(5). */
export function mountOf(host: DoctorHost, path: string): { options: string[]; type: string } | undefined {
  let best: { at: string; options: string[]; type: string } | undefined;
  for (const line of (host.read('/proc/self/mountinfo') ?? '').split('\n')) {
    const [before = '', after = ''] = line.split(' - ');
    const fields = before.split(' ');
    const at = (fields[4] ?? '').replace(/\\([0-7]{3})/g, (_, octal) =>
      String.fromCharCode(Number.parseInt(octal, 8)),
    );
    const holds = at === '/' || path === at || path.startsWith(`${at}/`);
    if (at === '' || !holds || (best && best.at.length > at.length)) continue;
    best = { at, options: (fields[5] ?? '').split(','), type: after.split(' ')[0] ?? '' };
  }
  return best;
}
