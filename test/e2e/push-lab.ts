/** What the tests of pushing share: pushes from a store in the sandbox with short retries, and failures told in full. */
import { PodError } from '../../core/error.ts';
import { type PushOptions, pushImage } from '../../core/images/push/push.ts';
import { isWholeList, pushTarget } from '../../core/images/push/push-target.ts';
import type { SendProgress, SentImage } from '../../core/images/push/send-image.ts';
import type { Paths } from '../../core/paths.ts';
import { parseImageReference } from '../../core/reference.ts';
import { env } from './pull-lab.ts';

export interface Pushed {
  sent: SentImage;
  progress: SendProgress[];
}

async function attempt(
  paths: Paths,
  image: string,
  destination: string,
  options: Partial<PushOptions>,
): Promise<Pushed> {
  const progress: SendProgress[] = [];
  const target = pushTarget(paths, image, destination, undefined);
  if (isWholeList(target.image)) throw new Error('a list');
  const sent = await pushImage(target.image, parseImageReference(destination), {
    paths,
    env,
    retry: { tries: 4, base: 20, longest: 3000 },
    onProgress: (event) => progress.push(event),
    ...options,
  });
  return { sent, progress };
}

/** Pushes; a failure is told with everything that is known about it. */
export async function push(
  paths: Paths,
  image: string,
  destination = image,
  options: Partial<PushOptions> = {},
): Promise<Pushed> {
  try {
    return await attempt(paths, image, destination, options);
  } catch (error) {
    if (!(error instanceof PodError)) throw error;
    throw new Error(`${error.code}: ${error.message}: ${error.why} (${error.hint})`, { cause: error });
  }
}

/** The PodError that a push ends with. */
export async function pushRefusal(
  paths: Paths,
  image: string,
  destination = image,
  options: Partial<PushOptions> = {},
): Promise<PodError> {
  try {
    await attempt(paths, image, destination, options);
  } catch (error) {
    if (error instanceof PodError) return error;
    throw error;
  }
  throw new Error(`${destination} was pushed`);
}
