/** A program of the system's that gives a namespace its network. */

import { accessSync, constants, statSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf, PodError } from '../core/error.ts';

const ALWAYS = '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin';

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** Its path: on PATH (`searchPath`), or where distributions have it. */
export function locateProgram(name: string, searchPath: string | undefined): string | undefined {
  const places = `${searchPath ?? ''}:${ALWAYS}`.split(':').filter((place) => place.startsWith('/'));
  return places.map((place) => join(place, name)).find(isExecutable);
}

/** Throws PodError `missing` where /dev/net/tun can't be opened; `instead`: what to do without. */
export function checkTun(instead: string): void {
  const device = '/dev/net/tun';
  try {
    accessSync(device, constants.R_OK | constants.W_OK);
  } catch (cause) {
    const absent = errnoOf(cause) === 'ENOENT';
    throw new PodError({
      code: 'missing',
      message: 'cannot set up the network',
      why: absent ? `${device} does not exist` : `${device} may not be opened`,
      hint: `${absent ? 'sudo modprobe tun' : `sudo chmod 0666 ${device}`}; ${instead}`,
      cause,
    });
  }
}
