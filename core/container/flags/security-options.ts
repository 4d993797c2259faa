import { existsSync } from 'node:fs';
import { PodError } from '../../error.ts';

/** What `--security-opt` values ask for, together. */
export interface SecurityOptions {
  seccomp: 'default' | 'unconfined' | { file: string };
  noNewPrivileges: boolean;
  /** Hidden: a file behind /dev/null, a directory behind an empty one. Those that don't exist are left alone. */
  maskedPaths: string[];
  readonlyPaths: string[];
  /** Mount options for /proc: `hidepid=2`. */
  procOptions: string[];
}

export interface SecurityFacts {
  /** --privileged: no filter and nothing hidden, but what is asked for by name. */
  privileged?: boolean;
  /** Whether SELinux is in use; looked up where it matters unless told. */
  selinux?: () => boolean;
}

/** What of /proc and /sys says too much about the host, as in Docker and podman (the union of both). */
export const MASKED_PATHS: readonly string[] = [
  '/proc/acpi',
  '/proc/asound',
  '/proc/interrupts',
  '/proc/kcore',
  '/proc/keys',
  '/proc/latency_stats',
  '/proc/sched_debug',
  '/proc/scsi',
  '/proc/timer_list',
  '/proc/timer_stats',
  '/sys/dev/block',
  '/sys/devices/virtual/powercap',
  '/sys/firmware',
  '/sys/fs/selinux',
];

/** What of /proc changes the host when it is written. */
export const READONLY_PATHS: readonly string[] = [
  '/proc/bus',
  '/proc/fs',
  '/proc/irq',
  '/proc/sys',
  '/proc/sysrq-trigger',
];

/**
 * Reads the values of `--security-opt`; of two about the same thing the later one counts.
 * `KEY=VALUE`, or `KEY:VALUE` as Docker once had it.
 *
 * @throws PodError 'usage' for what can't be read, 'unsupported' for what this machine can't do
 */
export function parseSecurityOptions(values: readonly string[], facts: SecurityFacts = {}): SecurityOptions {
  const { privileged = false, selinux = () => existsSync('/sys/fs/selinux/enforce') } = facts;
  const result: SecurityOptions = {
    seccomp: privileged ? 'unconfined' : 'default',
    noNewPrivileges: false,
    maskedPaths: privileged ? [] : [...MASKED_PATHS],
    readonlyPaths: privileged ? [] : [...READONLY_PATHS],
    procOptions: [],
  };
  const asked = { mask: [] as string[], unmask: [] as string[] };
  for (const option of values) {
    const [, key = '', value] = /^([^=:]*)(?:[=:](.*))?$/s.exec(option)!;
    const given = (): string => {
      if (!value) throw unreadable(option, `${key} needs a value`, `--security-opt ${EXAMPLES[key] ?? key}`);
      return value;
    };
    switch (key) {
      case 'seccomp':
        result.seccomp = seccomp(given());
        break;
      case 'no-new-privileges':
        result.noNewPrivileges = isTrue(option, value ?? 'true');
        break;
      case 'apparmor':
        checkApparmor(given());
        break;
      case 'label':
        checkLabel(given(), selinux);
        break;
      case 'mask':
        asked.mask.push(...paths(option, given()));
        break;
      case 'unmask':
        asked.unmask.push(...(isAll(given()) ? ['ALL'] : paths(option, given())));
        break;
      case 'systempaths':
        if (given() !== 'unconfined') throw unreadable(option, 'its only value is unconfined');
        asked.unmask.push('ALL');
        break;
      case 'proc-opts':
        result.procOptions = given().split(',').filter(Boolean);
        break;
      default:
        throw unreadable(
          option,
          'there is no such security option',
          `Known are ${Object.keys(EXAMPLES).join(', ')}.`,
        );
    }
  }
  for (const pattern of asked.unmask) unmask(result, pattern);
  result.maskedPaths = [...new Set([...result.maskedPaths, ...asked.mask])];
  return result;
}

const EXAMPLES: Record<string, string> = {
  seccomp: 'seccomp=profile.json',
  'no-new-privileges': 'no-new-privileges',
  apparmor: 'apparmor=unconfined',
  label: 'label=disable',
  mask: 'mask=/proc/cpuinfo:/proc/meminfo',
  unmask: 'unmask=ALL',
  systempaths: 'systempaths=unconfined',
  'proc-opts': 'proc-opts=hidepid=2',
};

function unreadable(option: string, why: string, hint?: string): PodError {
  return new PodError({
    code: 'usage',
    message: `cannot use --security-opt ${JSON.stringify(option)}`,
    why,
    hint,
  });
}

function seccomp(value: string): SecurityOptions['seccomp'] {
  if (value === 'unconfined') return 'unconfined';
  return value === 'builtin' || value === 'default' ? 'default' : { file: value };
}

function isTrue(option: string, value: string): boolean {
  if (/^(true|t|1)$/i.test(value)) return true;
  if (/^(false|f|0)$/i.test(value)) return false;
  throw unreadable(option, 'its value is true or false');
}

/** Only root of the host may confine a process with AppArmor, or lift what confines the user's. */
function checkApparmor(profile: string): void {
  if (profile === 'unconfined') return;
  throw new PodError({
    code: 'unsupported',
    message: `cannot use the AppArmor profile ${JSON.stringify(profile)}`,
    why: 'a container without root has no say in AppArmor',
    hint: 'Leave the option out, or use --security-opt apparmor=unconfined',
  });
}

/** SELinux labels mean nothing where it is off: there podman takes them silently, and scripts rely on it. */
function checkLabel(value: string, selinux: () => boolean): void {
  if (value === 'disable' || value === 'nested') return;
  if (!/^(user|role|type|level|filetype):./s.test(value)) {
    throw unreadable(
      `label=${value}`,
      'a label is disable, nested, or user:, role:, type:, level:, filetype: and a value',
    );
  }
  if (!selinux()) return;
  throw new PodError({
    code: 'unsupported',
    message: `cannot set the SELinux label ${JSON.stringify(value)}`,
    why: 'tsc-pod does not label processes yet',
    hint: 'Use --security-opt label=disable',
  });
}

const isAll = (value: string): boolean => value.toUpperCase() === 'ALL';

function paths(option: string, value: string): string[] {
  const list = value.split(':').filter(Boolean);
  const relative = list.find((path) => !path.startsWith('/'));
  if (relative !== undefined) throw unreadable(option, `${JSON.stringify(relative)} is no absolute path`);
  return list.map((path) => (path.length > 1 ? path.replace(/\/+$/, '') : path));
}

/** A path, a pattern like `/proc/*`, or ALL: what it meets is neither hidden nor read-only. */
function unmask(result: SecurityOptions, pattern: string): void {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\*/g, '[^/]*')
    .replace(/\?/g, '[^/]');
  const expression = pattern === 'ALL' ? /^/ : new RegExp(`^${source}$`, 's');
  const stays = (path: string): boolean => !expression.test(path);
  result.maskedPaths = result.maskedPaths.filter(stays);
  result.readonlyPaths = result.readonlyPaths.filter(stays);
}
