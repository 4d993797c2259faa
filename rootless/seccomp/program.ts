/** Filters as the kernel takes them. */
import { PodError } from '../../core/error.ts';
import { compileSeccomp } from './compile.ts';
import { compiledProfile, compiledProgram } from './compiled-defaults.ts';
import { stringifyExact } from './exact-json.ts';
import type { OciSeccomp } from './oci.ts';
import { defaultProfile, resolveProfile } from './profile.ts';
import type { MachineArch } from './syscall-tables.ts';

const programs = new WeakMap<OciSeccomp, Uint8Array>();

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
  const program = compiledProgram(stringifyExact(profile)) ?? compileSeccomp(profile, machine());
  programs.set(profile, program);
  return program;
}

/** The default profile for a container with these capabilities (CAP_*, the bounding set). */
export function defaultSeccomp(bounding: readonly string[]): OciSeccomp {
  return (
    compiledProfile(bounding) ?? resolveProfile(defaultProfile, { capabilities: bounding, arch: machine() })
  );
}
