import type { Credentials } from '../core/config/credentials.ts';
import type { ImageRecord } from '../core/images/format/types.ts';
import { obtainImage as obtain } from '../core/images/pull/obtain.ts';
import type { PullPolicy } from '../core/images/pull/pull-options.ts';
import { withAuthFile } from './auth-flags.ts';
import { chooseName } from './choose-name.ts';
import type { PodCommand } from './command.ts';
import { showProgress } from './output/progress.ts';
import { pathsOf } from './paths.ts';

export interface ObtainFlags {
  pull: PullPolicy;
  platform?: string | undefined;
  quiet: boolean;
  tlsVerify?: boolean | undefined;
  certDir?: string | undefined;
  signaturePolicy?: string | undefined;
  authfile?: string | undefined;
  credentials?: Credentials | undefined;
}

/** The image of a name, fetched where the policy says so, with progress on standard error. */
export async function obtainImage(
  name: string,
  flags: ObtainFlags,
  command: PodCommand,
): Promise<ImageRecord> {
  const env = withAuthFile(command.context.env, flags.authfile);
  const { pull: policy, platform, tlsVerify, certDir, signaturePolicy, credentials } = flags;
  const settings = {
    ...{ paths: pathsOf(command), policy, platform, tlsVerify, certDir, signaturePolicy, credentials, env },
    choose: (name: string, choices: readonly string[]) => chooseName(command, name, choices),
  };
  if (flags.quiet) return obtain(name, settings);
  let progress: ReturnType<typeof showProgress> | undefined;
  // Made with the first news: where the image is there already, nothing is loaded and no stream is touched.
  const shown = () => (progress ??= showProgress(command.context.stderr));
  try {
    return await obtain(name, {
      ...settings,
      onProgress: (news) => shown().onProgress(news),
      onNotice: (text) => shown().onNotice(text),
    });
  } finally {
    progress?.end();
  }
}
