/** Filters as the kernel takes them, compiled once: for the default profile when the program's snapshot is made. */
import { PodError } from '../../core/error.ts';
import { CAPABILITIES, DEFAULT_CAPABILITIES } from '../capabilities.ts';
import { compileSeccomp } from './compile.ts';
import { stringifyExact } from './exact-json.ts';
import type { OciSeccomp } from './oci.ts';
import { defaultProfile, resolveProfile } from './profile.ts';
import type { MachineArch } from './syscall-tables.ts';

const programs = new WeakMap<OciSeccomp, Uint8Array>();
/** The same by their text: a container's config.json that is read again has a profile of its own. */
const programsByText = new Map<string, Uint8Array>();
const defaults = new Map<string, OciSeccomp>();

/** The machine that this program was built for. @throws PodError 'unsupported' where it has no system call tables */
export function machine(): MachineArch {
  const { arch } = process;
  if (arch === 'x64' || arch === 'arm64') return arch;
  throw new PodError({
    code: 'unsupported',
    message: 'cannot filter system calls',
    why: `their numbers on ${arch} are not known`,
    hint: 'Use --security-opt seccomp=unconfined',
  });
}

/** struct sock_filter[] of a profile, as {@link compileSeccomp} makes it. */
export function seccompProgram(profile: OciSeccomp): Uint8Array {
  const known = programs.get(profile);
  if (known !== undefined) return known;
  const text = stringifyExact(profile);
  const program = programsByText.get(text) ?? compileSeccomp(profile, machine());
  programs.set(profile, program);
  programsByText.set(text, program);
  return program;
}

/** What the default profile's rules depend on. */
const MATTERS = new Set(
  defaultProfile.syscalls.flatMap((rule) => [...(rule.includes?.caps ?? []), ...(rule.excludes?.caps ?? [])]),
);

/** The default profile for a container with these capabilities (CAP_*, the bounding set). */
export function defaultSeccomp(bounding: readonly string[]): OciSeccomp {
  const capabilities = bounding.filter((name) => MATTERS.has(name)).sort();
  const key = capabilities.join();
  const known = defaults.get(key);
  if (known !== undefined) return known;
  const profile = resolveProfile(defaultProfile, { capabilities, arch: machine() });
  defaults.set(key, profile);
  return profile;
}

/** What is asked for most: it takes milliseconds at a container's start, and nothing in the snapshot. */
if (process.arch === 'x64' || process.arch === 'arm64') {
  for (const more of [[], ['CAP_SYS_ADMIN'], ['CAP_SYS_PTRACE'], CAPABILITIES]) {
    seccompProgram(defaultSeccomp([...new Set([...DEFAULT_CAPABILITIES, ...more])]));
  }
}
