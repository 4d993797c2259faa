/** A container's group while it runs: new limits, and the freezer. Both are files that this user may write. */

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf, PodError } from '../../core/error.ts';
import type { CgroupFacts } from './facts.ts';
import { demandLimits } from './plan.ts';
import { cgroupSettings, type LinuxResources } from './resources.ts';

/**
 * Writes new limits into the group at an absolute path; what `resources` doesn't name stays. Throws `unsupported` for
 * a controller or file that is not there (before anything is written), `conflict` where the kernel refuses a value.
 */
export function updateLimits(facts: CgroupFacts, group: string, resources: LinuxResources): void {
  demandLimits(facts, resources);
  const writes = cgroupSettings(resources).flatMap(({ choices, optional }) => {
    const choice = choices.find(([file]) => existsSync(join(group, file)));
    if (choice || optional) return choice ? [choice] : [];
    const files = choices.map(([file]) => file).join(' or ');
    throw new PodError({
      code: 'unsupported',
      message: `cannot set ${files}`,
      why: `${group} has no such file`,
    });
  });
  for (const [file, value] of writes) write(group, file, value);
}

/** Stops all processes of the group or lets them go on. The kernel needs a moment: `isFrozen` tells when. */
export function freeze(group: string, frozen: boolean): void {
  write(group, 'cgroup.freeze', frozen ? '1' : '0');
}

export function isFrozen(group: string): boolean {
  try {
    return /^frozen 1$/m.test(readFileSync(join(group, 'cgroup.events'), 'utf8'));
  } catch {
    return false;
  }
}

function write(group: string, file: string, value: string): void {
  try {
    writeFileSync(join(group, file), value, { flag: 'r+' });
  } catch (cause) {
    throw new PodError({
      code: errnoOf(cause) === 'EACCES' ? 'denied' : 'conflict',
      message: `cannot set ${file} to ${value}`,
      why: cause instanceof Error ? cause.message : String(cause),
      cause,
    });
  }
}
