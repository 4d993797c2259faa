/** Text -> Dockerfile. */

import { PodError } from '../../error.ts';
import type { Dockerfile, Instruction } from './dockerfile.ts';

/**
 * Reads a Dockerfile; `name` is what errors call it. Throws PodError `invalid`, with the line and what is expected.
 */
export function parseDockerfile(_text: string, _name = 'Dockerfile'): Dockerfile {
  throw notYet();
}

/** Reads one trigger of an image's config (`OnBuild`). ONBUILD, FROM and MAINTAINER are refused, as in the Dockerfile. */
export function parseTrigger(_text: string, _image: string): Instruction {
  throw notYet();
}

function notYet(): PodError {
  return new PodError({ code: 'unsupported', message: 'cannot read a Dockerfile yet' });
}
