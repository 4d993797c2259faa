import { readFileSync } from 'node:fs';
import { kernelRelease } from '../../../rootless/kernel-release.ts';
import type { OciSeccomp } from '../../../rootless/seccomp/oci.ts';
import { parseProfile, resolveProfile } from '../../../rootless/seccomp/profile.ts';
import { defaultSeccomp, machine, seccompProgram } from '../../../rootless/seccomp/program.ts';
import { callReason, errnoOf, PodError } from '../../error.ts';
import type { SecurityOptions } from './security-options.ts';

export { provideCompiledDefaults } from '../../../rootless/seccomp/compiled-defaults.ts';

/** The filter for a container, as its config.json has it; undefined: none. */
export function seccompFor(
  security: SecurityOptions,
  capabilities: readonly string[],
): OciSeccomp | undefined {
  const wish = security.seccomp;
  if (wish === 'unconfined') return undefined;
  if (wish === 'default') return defaultSeccomp(capabilities);
  const profile = parseProfile(readProfile(wish.file), wish.file);
  const resolved = resolveProfile(profile, { capabilities, arch: machine(), kernelVersion: kernelRelease() });
  seccompProgram(resolved); // one that can't be compiled is refused before anything is made
  return resolved;
}

function readProfile(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new PodError({
      code: errnoOf(cause) === 'ENOENT' ? 'not-found' : 'io',
      message: `cannot read the seccomp profile ${file}`,
      why: callReason(cause),
      cause,
    });
  }
}
