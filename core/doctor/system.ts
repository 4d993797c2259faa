/** This system, for the checks of `doctor`. */

import { execFileSync } from 'node:child_process';
import { closeSync, openSync, readFileSync, statfsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { currentUser, findProgram, hostIdMap, type IdMaps, mapPlan } from '../../rootless/id-map.ts';
import { kernelRelease } from '../../rootless/kernel-release.ts';
import { runInNamespace } from '../../rootless/launcher.ts';
import { fileSystemOf } from '../../rootless/overlay/file-system.ts';
import { overlayWorks } from '../../rootless/overlay/probe.ts';
import { hostFacts } from '../container/facts.ts';
import { probeOverlay } from '../container/probe-overlay.ts';
import { errnoOf, PodError } from '../error.ts';
import { launcherPath } from '../launcher.ts';
import type { Paths } from '../paths.ts';
import type { DoctorHost } from './check.ts';

export function thisSystem(paths: Paths, env: Record<string, string | undefined>): DoctorHost {
  const user = currentUser();
  const maps = hostIdMap(user);
  return {
    user,
    env,
    dataRoot: paths.data,
    release: kernelRelease(),
    maps,
    read,
    open: openError,
    stat: (path) => statSync(path, { throwIfNoEntry: false }),
    find: (program) => findProgram(program, env.PATH),
    output,
    space,
    enter,
    overlay: () => overlayWorks(paths.data, () => probeOverlay(paths, hostFacts(env))),
  };
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function openError(path: string): string | undefined {
  try {
    closeSync(openSync(path, 'r+'));
    return undefined;
  } catch (error) {
    return errnoOf(error) ?? 'EIO';
  }
}

function output(argv: string[]): string | undefined {
  const [program = '', ...rest] = argv;
  try {
    const path = program.startsWith('/') ? program : (findProgram(program) ?? program);
    return execFileSync(path, rest, { encoding: 'utf8', timeout: 5000, stdio: ['ignore', 'pipe', 'ignore'] });
  } catch {
    return undefined;
  }
}

/** Of the nearest directory above that exists. */
function space(path: string): { bytes: number; inodes: number; kind: string } {
  for (let at = path; ; at = dirname(at)) {
    try {
      const { bavail, bsize, files, ffree } = statfsSync(at);
      // btrfs and some others count no inodes.
      return {
        bytes: bavail * bsize,
        inodes: files === 0 ? Number.MAX_SAFE_INTEGER : ffree,
        kind: fileSystemOf(at),
      };
    } catch (error) {
      if (at === dirname(at)) throw error;
    }
  }
}

/** With a mount namespace: AppArmor may allow a user namespace, but no capability in it. */
function enter(maps: IdMaps): string | undefined {
  try {
    runInNamespace(launcherPath(), [...mapPlan(maps), ['namespace', 'mount']], []);
    return undefined;
  } catch (error) {
    if (!(error instanceof PodError)) throw error;
    return error.why ?? error.message;
  }
}
