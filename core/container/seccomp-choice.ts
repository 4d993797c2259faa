import { readFileSync } from 'node:fs';
import { release } from 'node:os';
import { arch } from 'node:process';
import type { OciSeccomp } from '../../rootless/seccomp/oci.ts';
import { parseProfile, resolveProfile } from '../../rootless/seccomp/profile.ts';
import { defaultSeccomp } from '../../rootless/seccomp/program.ts';
import type { MachineArch } from '../../rootless/seccomp/syscall-tables.ts';
import { PodError } from '../error.ts';
import type { SecurityOptions } from './security-options.ts';

/** The filter for a container, as its config.json has it; undefined: none. */
export function seccompFor(
  security: SecurityOptions,
  capabilities: readonly string[],
): OciSeccomp | undefined {
  const wish = security.seccomp;
  if (wish === 'unconfined') return undefined;
  if (wish === 'default') return defaultSeccomp(capabilities);
  let text: string;
  try {
    text = readFileSync(wish.file, 'utf8');
  } catch (cause) {
    throw new PodError({
      code: 'not-found',
      message: `cannot read the seccomp profile ${wish.file}`,
      why: (cause as Error).message,
      cause,
    });
  }
  return resolveProfile(parseProfile(text, wish.file), {
    capabilities,
    arch: arch as MachineArch,
    kernelVersion: release(),
  });
}
