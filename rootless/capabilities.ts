import { PodError } from '../core/error.ts';

/** linux/capability.h: a capability's place is its number. */
export const CAPABILITIES = `
CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE
NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN
SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE
MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE`
  .trim()
  .split(/\s+/)
  .map((name) => `CAP_${name}`);

/**
 * What a container has that asks for nothing, as in Docker; MKNOD and AUDIT_WRITE are left out, since they would do
 * nothing in a user namespace. NET_RAW is about the container's own network namespace: busybox's ping knows no other way.
 */
export const DEFAULT_CAPABILITIES: readonly string[] = `
CHOWN DAC_OVERRIDE FOWNER FSETID KILL NET_BIND_SERVICE NET_RAW SETFCAP SETGID SETPCAP SETUID SYS_CHROOT`
  .trim()
  .split(/\s+/)
  .map((name) => `CAP_${name}`);

/** `process.capabilities` of an OCI runtime config. */
export interface OciCapabilities {
  bounding: string[];
  effective: string[];
  permitted: string[];
  inheritable: string[];
  ambient: string[];
}

export interface CapabilityWishes {
  /** --cap-add: names in any case, with or without CAP_, or ALL. */
  add?: readonly string[];
  /** --cap-drop */
  drop?: readonly string[];
  /** Everything that the kernel has, but what is dropped. */
  privileged?: boolean;
  /** The highest number that this kernel has: /proc/sys/kernel/cap_last_cap. */
  last?: number;
  /** Whether the process is the container's uid 0; so unless told. */
  root?: boolean;
}

/**
 * The sets for a container's first process.
 *
 * Root has the whole set; nothing is inheritable, or a program with file capabilities would give them to whom they
 * aren't meant for. Another user has what was added by name, and keeps it over execve (ambient); the rest only bounds
 * what a set-user-ID program may get (capabilities(7)).
 *
 * @throws PodError 'usage' for a name that isn't known, or one that is both added and dropped
 */
export function mergeCapabilities(wishes: CapabilityWishes): OciCapabilities {
  const last = wishes.last ?? CAPABILITIES.length - 1;
  const add = wished(wishes.add, '--cap-add', last);
  const drop = wished(wishes.drop, '--cap-drop', last);
  for (const name of add.names) if (drop.names.has(name)) throw contradiction(name.slice('CAP_'.length));
  if (add.all && drop.all) throw contradiction('ALL');

  const whole = CAPABILITIES.slice(0, last + 1);
  const base = add.all || wishes.privileged ? whole : DEFAULT_CAPABILITIES;
  const chosen = new Set([...(drop.all ? [] : base), ...add.names]);
  const bounding = whole.filter((name) => chosen.has(name) && !drop.names.has(name));
  if (wishes.root ?? true) {
    return { bounding, effective: bounding, permitted: bounding, inheritable: [], ambient: [] };
  }
  const kept = bounding.filter((name) => add.all || add.names.has(name));
  return { bounding, effective: kept, permitted: kept, inheritable: kept, ambient: kept };
}

/** The set as the kernel counts it: bit N is capability N. Names as in {@link CAPABILITIES}. */
export function capabilityMask(names: readonly string[]): bigint {
  return names.reduce((mask, name) => {
    const number = CAPABILITIES.indexOf(name);
    if (number < 0) throw unknown(name, 'the capability set');
    return mask | (1n << BigInt(number));
  }, 0n);
}

/** The names of a mask's bits; those that this program doesn't know are left out. */
export function capabilityNames(mask: bigint): string[] {
  return CAPABILITIES.filter((_, number) => ((mask >> BigInt(number)) & 1n) === 1n);
}

interface Wished {
  all: boolean;
  names: Set<string>;
}

function wished(words: readonly string[] | undefined, option: string, last: number): Wished {
  const result: Wished = { all: false, names: new Set() };
  for (const word of (words ?? []).flatMap((value) => value.split(','))) {
    const upper = word.toUpperCase();
    if (upper === 'ALL' || upper === 'CAP_ALL') {
      result.all = true;
      continue;
    }
    const name = upper.startsWith('CAP_') ? upper : `CAP_${upper}`;
    const number = CAPABILITIES.indexOf(name);
    if (number < 0) throw unknown(word, option);
    // What the kernel doesn't have is dropped already.
    if (number > last && option === '--cap-add') {
      throw new PodError({
        code: 'unsupported',
        message: `cannot add the capability ${name}`,
        why: 'this kernel does not have it',
      });
    }
    result.names.add(name);
  }
  return result;
}

function contradiction(name: string): PodError {
  return new PodError({
    code: 'usage',
    message: `cannot add and drop the capability ${name} at once`,
    hint: `Leave out --cap-add ${name} or --cap-drop ${name}.`,
  });
}

function unknown(word: string, option: string): PodError {
  const wanted = word.toUpperCase().replace(/^CAP_/, '');
  const near = CAPABILITIES.map((name) => name.slice('CAP_'.length))
    .map((name) => ({ name, steps: distance(wanted, name) }))
    .sort((a, b) => a.steps - b.steps)[0]!;
  return new PodError({
    code: 'usage',
    message: `cannot use ${option} ${JSON.stringify(word)}`,
    why: 'there is no such capability',
    hint: near.steps <= 3 ? `Did you mean ${near.name}?` : 'See capabilities(7) for the names.',
  });
}

/** How many letters have to be added, removed or changed (Levenshtein). */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const changed = row[j - 1]! + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(changed, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[to.length]!;
}
