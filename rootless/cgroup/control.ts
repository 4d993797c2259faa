/** A container's group while it runs: new limits, and the freezer. Both are files that this user may write. */

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { callReason, errnoOf, PodError } from '../../core/error.ts';
import type { CgroupFacts } from './facts.ts';
import { demandLimits } from './plan.ts';
import { cgroupSettings, type LinuxResources } from './resources.ts';

/**
 * Writes new limits into the group at an absolute path, all or none; what `resources` doesn't name stays, but for what
 * `before` names: that is not limited any more. Gives the way back. Throws `unsupported` for a controller or file that
 * is not there (before anything is written), `conflict` where the kernel refuses a value.
 */
export function updateLimits(
  facts: CgroupFacts,
  group: string,
  resources: LinuxResources,
  before: LinuxResources = {},
): () => void {
  demandLimits(facts, resources);
  const writes = new Map<string, Write>();
  for (const write of writesOf(group, before, true)) writes.set(keyOf(write), unlimited(write));
  for (const write of writesOf(group, resources, false)) writes.set(keyOf(write), write);
  const done: Write[] = [];
  const undo = () => {
    for (const [file, value] of done.splice(0).reverse()) write(group, file, value);
  };
  try {
    for (const [file, value] of writes.values()) {
      const old = currentOf(group, file, value);
      write(group, file, value);
      done.push([file, old]);
    }
  } catch (error) {
    undo();
    throw error;
  }
  return undo;
}

type Write = [file: string, value: string];

function writesOf(group: string, resources: LinuxResources, lenient: boolean): Write[] {
  return cgroupSettings(resources).flatMap(({ choices, optional }) => {
    const choice = choices.find(([file]) => existsSync(join(group, file)));
    if (choice || optional || lenient) return choice ? [choice] : [];
    const files = choices.map(([file]) => file).join(' or ');
    throw new PodError({
      code: 'unsupported',
      message: `cannot set ${files}`,
      why: `${group} has no such file`,
    });
  });
}

const DEVICE = /^\d+:\d+ /;
const IO_MAX = 'rbps=max wbps=max riops=max wiops=max';

/** Of files that hold a line a device, each device is a limit of its own. */
function keyOf([file, value]: Write): string {
  return `${file} ${DEVICE.exec(value)?.[0] ?? ''}`;
}

/** What a new group has, cgroup-v2.rst. */
function unlimited([file, value]: Write): Write {
  const device = DEVICE.exec(value)?.[0];
  if (device) return [file, device + (file === 'io.max' ? IO_MAX : 'default')];
  if (file.startsWith('cpuset.')) return [file, ''];
  if (file === 'cpu.max') return [file, 'max 100000'];
  if (file.endsWith('.weight')) return [file, '100'];
  return [file, file.endsWith('.max') ? 'max' : '0'];
}

/** What must be written to have again what there is now. */
function currentOf(group: string, file: string, value: string): string {
  const text = readFileSync(join(group, file), 'utf8').trim();
  const device = DEVICE.exec(value)?.[0];
  if (!device) return /^default (\d+)$/m.exec(text)?.[1] ?? text;
  const line = text.split('\n').find((one) => one.startsWith(device));
  return line ?? unlimited([file, value])[1];
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
    writeFileSync(join(group, file), `${value}\n`, { flag: 'r+' });
  } catch (cause) {
    throw new PodError({
      code: errnoOf(cause) === 'EACCES' ? 'denied' : 'conflict',
      message: `cannot set ${file} to ${value}`,
      why: callReason(cause),
      cause,
    });
  }
}
