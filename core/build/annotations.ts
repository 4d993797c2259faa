/** `--annotation`: notes with the manifest, or with what `index:` and the like before the key say. docker-buildx-build(1). */

import { PodError } from '../error.ts';
import { formatPlatform, type Platform, parsePlatform } from '../platform.ts';
import type { BuildOptions } from './options.ts';
import { platformsOf } from './platforms.ts';

export type Annotated = 'manifest' | 'index' | 'manifest-descriptor';

interface Annotation {
  readonly on: readonly Annotated[];
  /** undefined: of all platforms. */
  readonly platform: string | undefined;
  readonly key: string;
  readonly value: string;
}

const WORD = '(?:manifest|index|manifest-descriptor|index-descriptor)';
const FORM = new RegExp(`^(?:(${WORD}(?:,${WORD})*)(?:\\[([^\\]]*)\\])?:)?([^=]+)(?:=(.*))?$`, 's');

/** Throws PodError `usage`. */
function parseAnnotation(text: string): Annotation {
  const [, on = 'manifest', platform, key, value = ''] = FORM.exec(text) ?? [];
  if (key === undefined) throw refused(text, 'it is not KEY=VALUE');
  if (on.includes('index-descriptor')) throw refused(text, 'there is no list of lists that could have it');
  return {
    on: on.split(',') as Annotated[],
    platform: platform === undefined ? undefined : formatPlatform(parsePlatform(platform)),
    ...{ key, value },
  };
}

/** What is noted on the manifest of a platform, its descriptor, or the list. */
export function annotationsOf(
  { annotations }: Pick<BuildOptions, 'annotations'>,
  on: Annotated,
  platform?: Platform,
): Record<string, string> {
  const meant = annotations
    .map(parseAnnotation)
    .filter((one) => one.on.includes(on))
    .filter((one) => !platform || !one.platform || one.platform === formatPlatform(platform));
  return Object.fromEntries(meant.map(({ key, value }) => [key, value]));
}

/** Refuses what would be noted nowhere. Throws PodError `usage`. */
export function checkAnnotations(options: BuildOptions): void {
  const { annotations, format, manifest } = options;
  const platforms = platformsOf(options);
  const isList = platforms.length > 1 || manifest !== undefined;
  for (const text of annotations) {
    const { on, platform } = parseAnnotation(text);
    if (on.includes('manifest') && format === 'docker')
      throw refused(text, "Docker's manifests have no annotations", '--format oci, or --label');
    if (!isList && !on.includes('manifest'))
      throw refused(text, 'an image for one platform has no list', '--manifest NAME puts it into one');
    if (platform !== undefined && !platforms.some((one) => formatPlatform(one) === platform))
      throw refused(text, `nothing is built for ${platform}`);
  }
}

function refused(text: string, why: string, hint?: string): PodError {
  return new PodError({ code: 'usage', message: `cannot use --annotation ${text}`, why, hint });
}
