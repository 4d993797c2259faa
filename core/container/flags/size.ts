import { PodError } from '../../error.ts';

const UNITS = 'bkmgtp';

/**
 * Bytes from `512m`, `1.5g`, `64KiB`, `1024`, as docker's units.RAMInBytes reads them: powers of 1024. `flag` names the
 * option in the error. Throws PodError `usage`.
 */
export function parseSize(text: string, flag: string): number {
  const match = /^(\d+(?:\.\d+)?)(?: ?(?:([kmgtp])(?:i?b)?|b))?$/i.exec(text);
  const bytes = match
    ? Math.trunc(Number(match[1]) * 1024 ** UNITS.indexOf((match[2] ?? 'b').toLowerCase()))
    : Number.NaN;
  if (!Number.isSafeInteger(bytes)) {
    throw new PodError({
      code: 'usage',
      message: `invalid size ${JSON.stringify(text)} for ${flag}`,
      hint: 'a size is a number with b, k, m, g or t behind it: 512m, 1.5g',
    });
  }
  return bytes;
}
