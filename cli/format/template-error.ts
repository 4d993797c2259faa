import { PodError } from '../../core/error.ts';

/** A template that can't be read or carried out; `offset` is where in its source (0-based, UTF-16 units). */
export function templateError(source: string, offset: number, why: string, hint?: string): PodError {
  const before = source.slice(0, offset).split('\n');
  const column = [...before.at(-1)!].length + 1;
  const line = before.length > 1 ? `line ${before.length}, ` : '';
  return new PodError({
    code: 'usage',
    message: 'cannot use the format',
    why: `${line}column ${column}: ${why}`,
    hint,
  });
}
