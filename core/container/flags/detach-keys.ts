import { PodError } from '../../error.ts';

const KEYS_MAX = 16;

/** Docker's notation: single characters and `ctrl-` with a letter or one of [ \ ] ^ _, separated by commas; empty: none. */
export function detachBytes(keys: string): string {
  if (keys === '') return '';
  const all = keys.split(',').map(byteOf);
  if (all.length <= KEYS_MAX && !all.includes(undefined)) return all.join('');
  throw new PodError({
    code: 'usage',
    message: `cannot use --detach-keys ${keys}`,
    why:
      all.length > KEYS_MAX
        ? `there are more than ${KEYS_MAX} keys`
        : 'a key is a character, or ctrl- with a letter or one of [ \\ ] ^ _',
    hint: 'for example: --detach-keys ctrl-p,ctrl-q',
  });
}

/** Gives the keys as they are if they can be typed. */
export function checkDetachKeys(keys: string): string {
  detachBytes(keys);
  return keys;
}

function byteOf(key: string): string | undefined {
  const control = /^ctrl-([a-z[\\\]^_])$/i.exec(key)?.[1];
  if (control) return String.fromCharCode(control.charCodeAt(0) & 0x1f);
  return [...key].length === 1 ? key : undefined;
}
