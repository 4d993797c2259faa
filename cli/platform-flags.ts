import { PodError } from '../core/error.ts';
import { hostPlatform } from '../core/platform.ts';

/** --platform, or what podman's --os, --arch and --variant mean together; undefined where none is given. Throws PodError `usage`. */
export function platformText(flags: {
  readonly platform: string | undefined;
  readonly os: string | undefined;
  readonly arch: string | undefined;
  readonly variant: string | undefined;
}): string | undefined {
  const { platform, os, arch, variant } = flags;
  if (os === undefined && arch === undefined && variant === undefined) return platform;
  if (platform !== undefined)
    throw new PodError({ code: 'usage', message: '--platform goes with none of --os, --arch and --variant' });
  const host = hostPlatform();
  return [os ?? host.os, arch ?? host.architecture, variant].filter((part) => part !== undefined).join('/');
}
