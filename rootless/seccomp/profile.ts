/** Which of a profile's rules hold for one container on this machine. */
import defaultJson from './default-profile.json' with { type: 'json' };
import { checkProfile, type DockerProfile, type Filter } from './docker-profile.ts';
import type { OciSeccomp } from './oci.ts';
import type { MachineArch } from './syscall-tables.ts';

export { parseProfile } from './docker-profile.ts';

export interface ProfileHost {
  /** The bounding set, as CAP_*. */
  capabilities: readonly string[];
  arch: MachineArch;
  /** As `uname -r` says; one that is new enough for any rule unless told. */
  kernelVersion?: string;
}

/** The rules for containers that ask for none. */
export const defaultProfile: DockerProfile = checkProfile(defaultJson);

const NAMES: Record<MachineArch, { oci: string; go: string }> = {
  x64: { oci: 'SCMP_ARCH_X86_64', go: 'amd64' },
  arm64: { oci: 'SCMP_ARCH_AARCH64', go: 'arm64' },
};

/** The rules that hold for one container on this machine. */
export function resolveProfile(profile: DockerProfile, host: ProfileHost): OciSeccomp {
  const { archMap, syscalls, ...rest } = profile;
  const own = NAMES[host.arch].oci;
  const mapped = archMap?.find(({ architecture }) => architecture === own);
  return {
    ...rest,
    architectures: profile.architectures ?? [own, ...(mapped?.subArchitectures ?? [])],
    syscalls: syscalls
      .filter((rule) => includes(rule.includes, host) && !excludes(rule.excludes, host))
      .map(({ includes: _, excludes: __, ...rule }) => rule),
  };
}

function includes(filter: Filter | undefined, host: ProfileHost): boolean {
  if (filter?.caps?.some((name) => !host.capabilities.includes(name))) return false;
  if (filter?.arches?.length && !filter.arches.includes(NAMES[host.arch].go)) return false;
  return filter?.minKernel === undefined || isAtLeast(host.kernelVersion, filter.minKernel);
}

function excludes(filter: Filter | undefined, host: ProfileHost): boolean {
  if (filter?.caps?.some((name) => host.capabilities.includes(name))) return true;
  if (filter?.arches?.includes(NAMES[host.arch].go)) return true;
  return filter?.minKernel !== undefined && isAtLeast(host.kernelVersion, filter.minKernel);
}

function isAtLeast(kernel: string | undefined, wanted: string): boolean {
  if (kernel === undefined) return true;
  const [major = 0, minor = 0] = (/^\d+\.\d+/.exec(kernel)?.[0] ?? '').split('.').map(Number);
  const [wantedMajor = 0, wantedMinor = 0] = wanted.split('.').map(Number);
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
}
