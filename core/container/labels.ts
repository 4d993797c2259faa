import { readFileSync } from 'node:fs';
import { PodError } from '../error.ts';

/** `KEY[=VALUE]` words, those of files first. */
export function readLabels(words: readonly string[], files: readonly string[]): Record<string, string> {
  const labels = new Map<string, string>();
  const lines = files.flatMap((file) => {
    try {
      return readFileSync(file, 'utf8').split(/\r?\n/);
    } catch (cause) {
      throw new PodError({
        code: 'not-found',
        message: `cannot read the label file ${file}`,
        why: (cause as Error).message,
        cause,
      });
    }
  });
  for (const word of [
    ...lines.map((line) => line.trim()).filter((line) => line && !line.startsWith('#')),
    ...words,
  ]) {
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
