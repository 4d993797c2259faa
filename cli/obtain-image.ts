import { obtainImage as obtain } from '../core/images/obtain.ts';
import type { PullPolicy } from '../core/images/pull-options.ts';
import type { ImageRecord } from '../core/images/types.ts';
import type { PodCommand } from './command.ts';
import { pathsOf } from './paths.ts';

export interface ObtainFlags {
  pull: PullPolicy;
  platform?: string | undefined;
  quiet: boolean;
  tlsVerify?: boolean | undefined;
  certDir?: string | undefined;
}

/** The image of a name, fetched where the policy says so, with progress on standard error. */
export async function obtainImage(
  name: string,
  flags: ObtainFlags,
  command: PodCommand,
): Promise<ImageRecord> {
  const { env } = command.context;
  const { pull: policy, platform, tlsVerify, certDir } = flags;
  return obtain(name, { paths: pathsOf(command), policy, platform, tlsVerify, certDir, env });
}
