/** What of cgroup v2 this user may use: cgroups(7), Documentation/admin-guide/cgroup-v2.rst, section Delegation. */

import { accessSync, constants, existsSync, readFileSync, statfsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { findProgram } from '../id-map.ts';

export type CgroupMode = 'unified' | 'hybrid' | 'v1' | 'none';

export interface CgroupFacts {
  /** unified: v2 alone; hybrid: v2 without most controllers beside v1. */
  mode: CgroupMode;
  /** Where cgroup2 is mounted; undefined without it. */
  mount: string | undefined;
  /** This process's group under `mount`, `/` for the root of its cgroup namespace. */
  own: string | undefined;
  /** How a group can be had; undefined: no way. */
  way: CgroupWay | undefined;
  /** Controllers that a container's group would have. */
  controllers: string[];
  /** systemd is the init system here, whether or not its user manager can be reached. */
  booted: boolean;
}

export type CgroupWay =
  /** A scope of systemd's (user) manager; `runtimeDir`: where its socket is, when XDG_RUNTIME_DIR doesn't say so. */
  | { kind: 'systemd'; program: string; user: boolean; runtimeDir: string | undefined }
  /** A new group in `parent` (absolute), which is ours; `evacuate`: its own processes must move to a leaf first. */
  | { kind: 'direct'; parent: string; evacuate: boolean }
  /** This process's own group, that of a unit which the container is to be a part of (systemd.service(5), Delegate=). */
  | { kind: 'unit'; group: string };

/** `root` and `env` are for tests: a tree with /proc, /sys and /run. */
export function cgroupFacts(uid: number, env: NodeJS.ProcessEnv = process.env, root = '/'): CgroupFacts {
  const mount = cgroup2Mount(root);
  const booted = existsSync(join(root, 'run/systemd/system'));
  const none = { own: undefined, way: undefined, controllers: [], booted };
  if (!mount) return { mode: existsSync(join(root, 'sys/fs/cgroup/memory')) ? 'v1' : 'none', mount, ...none };
  const mode = mount.endsWith('/unified') ? 'hybrid' : 'unified';
  const own = parseOwnGroup(textOf(join(root, 'proc/self/cgroup')));
  const way =
    unitWay(mount, own, env) ??
    systemdWay(uid, env, root) ??
    (own === undefined ? undefined : directWay(mount, own));
  return { mode, mount, own, way, controllers: way ? controllersOf(mount, way, uid) : [], booted };
}

/** The v2 line of /proc/PID/cgroup, `0::/path`. */
export function parseOwnGroup(text: string): string | undefined {
  return /^0::(\/.*)$/m.exec(text)?.[1]?.replace(/ \(deleted\)$/, '');
}

/** Absolute path of a process's group, as this process sees cgroups; undefined when it has ended. */
export function cgroupOf(pid: number, mount: string): string | undefined {
  const path = parseOwnGroup(textOf(`/proc/${pid}/cgroup`));
  return path === undefined || path.includes('/../') ? undefined : join(mount, path);
}

const CGROUP2_SUPER_MAGIC = 0x63677270;

function cgroup2Mount(root: string): string | undefined {
  for (const path of ['sys/fs/cgroup', 'sys/fs/cgroup/unified']) {
    const at = join(root, path);
    try {
      if (
        statfsSync(at).type === CGROUP2_SUPER_MAGIC ||
        (root !== '/' && existsSync(join(at, 'cgroup.procs')))
      ) {
        return at;
      }
    } catch {
      // Not mounted.
    }
  }
  return undefined;
}

/**
 * A unit that waits for its word (sd_notify(3)), or one of `generate systemd`: its main process, the monitor, must be in its
 * group, and so must the container, or the unit couldn't stop it.
 */
function unitWay(mount: string, own: string | undefined, env: NodeJS.ProcessEnv): CgroupWay | undefined {
  if (!env.NOTIFY_SOCKET && !env.TSC_POD_SYSTEMD_UNIT) return undefined;
  if (!own?.endsWith('.service') || !writable(join(mount, own))) return undefined;
  return { kind: 'unit', group: join(mount, own) };
}

function systemdWay(uid: number, env: NodeJS.ProcessEnv, root: string): CgroupWay | undefined {
  if (!existsSync(join(root, 'run/systemd/system'))) return undefined;
  const program = findProgram('systemd-run', env.PATH);
  if (!program) return undefined;
  if (uid === 0) return { kind: 'systemd', program, user: false, runtimeDir: undefined };
  const reachable = (directory: string) => existsSync(join(root, directory, 'systemd/private'));
  if (env.XDG_RUNTIME_DIR && reachable(env.XDG_RUNTIME_DIR)) {
    return { kind: 'systemd', program, user: true, runtimeDir: undefined };
  }
  const runtimeDir = `/run/user/${uid}`;
  return reachable(runtimeDir) ? { kind: 'systemd', program, user: true, runtimeDir } : undefined;
}

/**
 * A process moves only where it may write the cgroup.procs of both groups' nearest common ancestor, and a group with
 * processes of its own gives no controllers to children: so the new group is a sibling of ours, or, at the root of a
 * cgroup namespace (in a container), a child once the root is emptied. The host's root group (the one without
 * cgroup.type) may have both.
 */
function directWay(mount: string, own: string): CgroupWay | undefined {
  const parent = join(mount, own === '/' ? '' : dirname(own));
  if (!writable(parent)) return undefined;
  return { kind: 'direct', parent, evacuate: own === '/' && existsSync(join(parent, 'cgroup.type')) };
}

/** What the manager, or the parent, has itself: it can hand that down. */
function controllersOf(mount: string, way: CgroupWay, uid: number): string[] {
  const manager = uid === 0 ? '' : `user.slice/user-${uid}.slice/user@${uid}.service`;
  const group = way.kind === 'direct' ? way.parent : way.kind === 'unit' ? way.group : join(mount, manager);
  return textOf(join(group, 'cgroup.controllers')).split(/\s+/).filter(Boolean);
}

function writable(group: string): boolean {
  try {
    for (const file of ['.', 'cgroup.procs', 'cgroup.subtree_control']) {
      accessSync(join(group, file), constants.W_OK);
    }
    return true;
  } catch {
    return false;
  }
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
