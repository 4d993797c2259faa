/** Wishes that can't be met here. */

import { existsSync, readFileSync } from 'node:fs';
import { PodError } from '../error.ts';
import { hostPlatform } from '../platform.ts';
import type { BuildOptions } from './options.ts';

/** Throws PodError `unsupported` or `usage`. */
export function refuseUnmet({ cacheTo, layers, sourceDateEpoch, timestamp }: BuildOptions): void {
  if (cacheTo.length > 0 && !layers)
    throw new PodError({
      code: 'usage',
      message: '--cache-to and --layers=false exclude each other',
      why: 'no result of a step is kept then',
    });
  if (sourceDateEpoch !== undefined && timestamp !== undefined)
    throw new PodError({ code: 'usage', message: '--source-date-epoch and --timestamp exclude each other' });
}

/** Names of Linux's binfmt_misc handlers as qemu-user-static registers them. */
const EMULATED: Record<string, string> = {
  amd64: 'x86_64',
  arm64: 'aarch64',
  '386': 'i386',
  ppc64le: 'ppc64le',
};

/** Throws PodError `unsupported` for a command of another machine's that nothing emulates here. */
export function refuseForeign(architecture: string): void {
  const own = hostPlatform().architecture;
  if (architecture === own || (own === 'amd64' && architecture === '386')) return;
  const handler = `/proc/sys/fs/binfmt_misc/qemu-${EMULATED[architecture] ?? architecture}`;
  const state = existsSync(handler) ? readFileSync(handler, 'utf8') : '';
  // F: the kernel has the emulator open, which no container has a path to. Documentation/admin-guide/binfmt-misc.rst
  if (/^enabled$/m.test(state) && /^flags: .*F/m.test(state)) return;
  throw new PodError({
    code: 'unsupported',
    message: `cannot run a command for linux/${architecture} on linux/${own}`,
    why: state === '' ? 'nothing here emulates it' : `${handler} is not enabled, or lacks the flag F`,
    hint: 'sudo apt-get install qemu-user-static binfmt-support   # then the kernel runs it by qemu',
  });
}
