/**
 * Does the kernel's overlay work in a user namespace, on this data root? Only a real try tells (kernel, file system,
 * LSM); its result is kept beside the data, for as long as kernel and file system stay what they are.
 */

import { readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { kernelRelease } from '../kernel-release.ts';
import { canHoldUpper, fileSystemOf } from './file-system.ts';

/** Tries it under a directory of the data root; undefined: it works, else why not, as a phrase. */
export type OverlayProbe = () => Promise<string | undefined>;

interface Remembered {
  key: string;
  why?: string;
}

/** Undefined where the kernel's overlay works, else the reason. Answers from the cache where it can. */
export async function overlayWorks(dataRoot: string, probe: OverlayProbe): Promise<string | undefined> {
  const kind = fileSystemOf(dataRoot);
  if (!canHoldUpper(kind, 'overlay')) return `${kind} can't hold the writable layer of the kernel's overlay`;
  const key = `${kernelRelease()} ${kind} ${deviceOf(dataRoot)}`;
  const file = join(dataRoot, 'overlay-probe.json');
  const known = read(file);
  if (known?.key === key) return known.why;
  const why = await probe();
  remember(file, why === undefined ? { key } : { key, why });
  return why;
}

function deviceOf(path: string): string {
  try {
    return String(statSync(path).dev);
  } catch {
    return '-';
  }
}

function read(file: string): Remembered | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(file, 'utf8'));
    if (typeof value !== 'object' || value === null || !('key' in value)) return undefined;
    if (typeof value.key !== 'string') return undefined;
    const why = 'why' in value && typeof value.why === 'string' ? value.why : undefined;
    return why === undefined ? { key: value.key } : { key: value.key, why };
  } catch {
    return undefined;
  }
}

/** A cache only: a full disk or a read-only data root costs the next run a probe, nothing else. */
function remember(file: string, value: Remembered): void {
  const aside = `${file}.${process.pid}`;
  try {
    writeFileSync(aside, `${JSON.stringify(value)}\n`, { mode: 0o600 });
    renameSync(aside, file);
  } catch {}
}
