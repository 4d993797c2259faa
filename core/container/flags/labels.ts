import { PodError } from '../../error.ts';
import { readLineFile } from '../log/line-file.ts';

/** `KEY[=VALUE]` words, those of files first. */
export function readLabels(words: readonly string[], files: readonly string[]): Record<string, string> {
  const labels = new Map<string, string>();
  const lines = files.flatMap((file) => readLineFile(file, 'label'));
  for (const word of [...lines, ...words]) {
    const equals = word.indexOf('=');
    const key = equals < 0 ? word : word.slice(0, equals);
    if (key === '')
      throw new PodError({
        code: 'usage',
        message: `cannot use the label ${JSON.stringify(word)}`,
        why: 'it has no key',
      });
    labels.set(key, equals < 0 ? '' : word.slice(equals + 1));
  }
  return Object.fromEntries(labels);
}
