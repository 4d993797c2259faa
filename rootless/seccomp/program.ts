/** Filters as the kernel takes them, compiled once: for the default profile when the program's snapshot is made. */

import { arch } from 'node:process';
import { DEFAULT_CAPABILITIES } from '../capabilities.ts';
import { compileSeccomp } from './compile.ts';
import type { OciSeccomp } from './oci.ts';
import { defaultProfile, resolveProfile } from './profile.ts';
import type { MachineArch } from './syscall-tables.ts';

const programs = new WeakMap<OciSeccomp, Uint8Array>();
const defaults = new Map<string, OciSeccomp>();

/** struct sock_filter[] of a profile. */
export function seccompProgram(profile: OciSeccomp): Uint8Array {
  let program = programs.get(profile);
  if (!program) {
    program = compileSeccomp(profile, arch as MachineArch);
    programs.set(profile, program);
  }
  return program;
}

/** The default profile for a container with these capabilities. */
export function defaultSeccomp(capabilities: readonly string[]): OciSeccomp {
  const key = [...capabilities].sort().join();
  let profile = defaults.get(key);
  if (!profile) {
    profile = resolveProfile(defaultProfile, { capabilities: [...capabilities], arch: arch as MachineArch });
    defaults.set(key, profile);
  }
  return profile;
}

seccompProgram(defaultSeccomp(DEFAULT_CAPABILITIES));
