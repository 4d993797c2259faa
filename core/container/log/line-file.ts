import { readFileSync } from 'node:fs';
import { callReason, errnoOf, PodError } from '../../error.ts';

/** The lines of an --env-file or --label-file: docker's format, `#` begins a comment line. `kind` names it in an error. */
export function readLineFile(path: string, kind: 'env' | 'label'): string[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new PodError({
      code: errnoOf(cause) === 'ENOENT' ? 'not-found' : 'io',
      message: `cannot read the ${kind} file ${path}`,
      why: callReason(cause),
      cause,
    });
  }
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  return lines.map((line) => line.trimStart()).filter((line) => line !== '' && !line.startsWith('#'));
}
