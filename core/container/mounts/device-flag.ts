import { statSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { callReason, PodError } from '../../error.ts';
import { destinationOf, type MountRequest, refuse } from './request.ts';

/** `--device HOST[:CONTAINER[:rwm]]`: the host's node, bound. */
export function parseDeviceFlag(value: string): MountRequest {
  const asked = `--device ${value}`;
  const [source = '', target = source, access = 'rwm'] = value.split(':');
  if (!isAbsolute(source) || !/^[rwm]+$/.test(access))
    throw refuse(asked, 'it is not HOST-PATH[:PATH[:rwm]]');
  checkDevice(asked, source);
  const options = ['bind', 'rprivate', 'nosuid', 'noexec', ...(access.includes('w') ? [] : ['ro'])];
  return { kind: 'device', asked, destination: destinationOf(asked, target), source, options };
}

function checkDevice(asked: string, source: string): void {
  let about: ReturnType<typeof statSync>;
  try {
    about = statSync(source);
  } catch (cause) {
    throw new PodError({
      code: 'not-found',
      message: `no device ${source}`,
      why: callReason(cause),
      cause,
    });
  }
  if (!about!.isCharacterDevice() && !about!.isBlockDevice()) throw refuse(asked, `${source} is no device`);
}
