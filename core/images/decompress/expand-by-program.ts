/**
 * xz and bzip2, which Node doesn't have, by the programs of those names, as dockerd does for xz: every distribution has
 * them, they are fast and well looked after, and what they are fed is outside of this process.
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import type { Expand, ForeignCompression } from '../../archive/decompress.ts';
import type { Environment } from '../../config/read-config.ts';
import { errnoOf, PodError } from '../../error.ts';

const PROGRAMS: Record<ForeignCompression, { argv: string[]; hint: string }> = {
  // A header may ask for 4 GiB of memory; `xz -9` needs 65 MiB.
  xz: { argv: ['-dc', '--memlimit-decompress=256MiB'], hint: 'sudo apt install xz-utils' },
  bzip2: { argv: ['-dc'], hint: 'sudo apt install bzip2' },
};
const TALK = 4096;

/** For `decompress`: PodError `missing` where the program isn't installed, `invalid` where it refuses the data. */
export function expandByProgram(env: Environment): Expand {
  return async function* expand(input, form) {
    const { argv, hint } = PROGRAMS[form];
    const child = spawn(form, argv, {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { PATH: env.PATH ?? '/usr/bin:/bin', LC_ALL: 'C' },
    });
    let talk = '';
    child.stderr.on('data', (text) => {
      if (talk.length < TALK) talk += text;
    });
    const ended = once(child, 'close').then(
      ([status]) => (status === 0 ? undefined : refusal(form, talk)),
      (cause) => cannotStart(form, hint, cause),
    );
    const fed = feed(child.stdin, input).then(
      () => undefined,
      (error: unknown) => {
        child.kill('SIGKILL');
        return error;
      },
    );
    try {
      yield* child.stdout as Readable;
      const failure = (await fed) ?? (await ended);
      if (failure !== undefined) throw failure;
    } finally {
      child.kill('SIGKILL');
      await ended;
    }
  };
}

/** What the program doesn't take any more it has said itself. Rejects with what `input` throws. */
async function feed(stdin: NodeJS.WritableStream, input: AsyncIterable<Uint8Array>): Promise<void> {
  let gone = false;
  const wake = new Set<() => void>();
  const end = (): void => {
    gone = true;
    for (const resolve of wake) resolve();
  };
  stdin.on('error', end).on('close', end);
  for await (const chunk of input) {
    if (gone) return;
    if (stdin.write(chunk)) continue;
    await new Promise<void>((resolve) => {
      wake.add(resolve);
      stdin.once('drain', resolve);
    });
    wake.clear();
  }
  stdin.end();
}

function cannotStart(form: string, hint: string, cause: unknown): PodError {
  const missing = errnoOf(cause) === 'ENOENT';
  const why = missing ? `the program ${form} is not installed` : `${form} can't be started`;
  const message = `cannot decompress the ${form} data`;
  return new PodError({ code: missing ? 'missing' : 'io', message, why, ...(missing && { hint }), cause });
}

function refusal(form: string, talk: string): PodError {
  const why = talk
    .trim()
    .split('\n')[0]
    ?.replace(/^.*?: (?:\(stdin\): )?/, '')
    .replace(/[^\x20-\x7e]/g, '?');
  return new PodError({
    code: 'invalid',
    message: `cannot decompress the ${form} data`,
    why: why || 'it is damaged',
  });
}
