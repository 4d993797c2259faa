import { PodError } from '../../error.ts';

/** `0022`, `22`, `0o022`: the permission bits that new files don't get, umask(2). */
export function parseUmask(text: string): number {
  const digits = /^(?:0o)?([0-7]{1,4})$/.exec(text)?.[1];
  const mask = digits === undefined ? Number.NaN : Number.parseInt(digits, 8);
  if (mask <= 0o777) return mask;
  throw new PodError({
    code: 'usage',
    message: `invalid umask ${JSON.stringify(text)}`,
    hint: 'an umask is an octal number up to 0777: --umask 0022',
  });
}
