/** Devices of --blkio-weight-device, --device-read-bps and its kin. */

import { readFileSync, statSync } from 'node:fs';
import { PodError } from '../../error.ts';
import { parseSize } from './size.ts';

export interface DeviceRate {
  major: number;
  minor: number;
  rate: number;
}

/** Major and minor number of the whole disk at a path: io.max takes no partitions. Tests give their own. */
export type DeviceLookup = (path: string) => { major: number; minor: number } | undefined;

/** `PATH:RATE`: bytes a second with a unit (`bps`), or operations a second (`iops`). */
export function parseDeviceRate(flag: string, text: string, kind: 'bps' | 'iops', look = diskOf): DeviceRate {
  const { path, value } = split(flag, text);
  const rate =
    kind === 'bps' ? parseSize(value, flag) : Number(/^\d{1,15}$/.test(value) ? value : Number.NaN);
  if (!Number.isSafeInteger(rate)) throw invalid(flag, text);
  return { ...numbersOf(flag, path, look), rate };
}

/** `PATH:WEIGHT`, 10 to 1000, or 0 for none. */
export function parseDeviceWeight(
  text: string,
  look = diskOf,
): { major: number; minor: number; weight: number } {
  const flag = '--blkio-weight-device';
  const { path, value } = split(flag, text);
  const weight = /^\d{1,4}$/.test(value) ? Number(value) : Number.NaN;
  if (!(weight === 0 || (weight >= 10 && weight <= 1000))) throw invalid(flag, text);
  return { ...numbersOf(flag, path, look), weight };
}

export function diskOf(path: string): { major: number; minor: number } | undefined {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat?.isBlockDevice()) return undefined;
  // The kernel's own encoding of dev_t, makedev(3).
  const device = BigInt(stat.rdev);
  const major = Number(((device >> 8n) & 0xfffn) | ((device >> 32n) & 0xffff_f000n));
  const minor = Number((device & 0xffn) | ((device >> 12n) & 0xffff_ff00n));
  return wholeDisk(major, minor) ?? { major, minor };
}

function wholeDisk(major: number, minor: number): { major: number; minor: number } | undefined {
  const entry = `/sys/dev/block/${major}:${minor}`;
  try {
    readFileSync(`${entry}/partition`);
    const match = /^(\d+):(\d+)/.exec(readFileSync(`${entry}/../dev`, 'utf8'));
    return match ? { major: Number(match[1]), minor: Number(match[2]) } : undefined;
  } catch {
    return undefined;
  }
}

function split(flag: string, text: string): { path: string; value: string } {
  const at = text.lastIndexOf(':');
  if (at < 1 || !text.startsWith('/dev/')) throw invalid(flag, text);
  return { path: text.slice(0, at), value: text.slice(at + 1) };
}

function numbersOf(flag: string, path: string, look: DeviceLookup): { major: number; minor: number } {
  const numbers = look(path);
  if (numbers) return numbers;
  throw new PodError({ code: 'not-found', message: `${flag}: ${path} is not a block device` });
}

function invalid(flag: string, text: string): PodError {
  const value = flag.endsWith('bps') ? 'RATE, for example /dev/sda:10mb' : 'NUMBER, for example /dev/sda:100';
  return new PodError({
    code: 'usage',
    message: `invalid value ${JSON.stringify(text)} for ${flag}`,
    hint: `${flag} takes DEVICE:${value}`,
  });
}
