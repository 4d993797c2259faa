/** The platforms that a build is for. */

import { formatPlatform, hostPlatform, type Platform, parsePlatform } from '../platform.ts';
import type { BuildOptions } from './options.ts';

/** Of `--platform`, each once; this machine's where none is asked for. Throws PodError `usage`. */
export function platformsOf({ platforms }: Pick<BuildOptions, 'platforms'>): readonly Platform[] {
  if (platforms.length === 0) return [hostPlatform()];
  const all = platforms.map(parsePlatform);
  return [...new Map(all.map((platform) => [formatPlatform(platform), platform])).values()];
}
