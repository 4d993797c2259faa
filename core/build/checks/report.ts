/** The warnings of checks as docker shows them. */

import type { Dockerfile } from '../dockerfile/dockerfile.ts';
import { excerpt } from '../dockerfile/excerpt.ts';
import type { Warning } from './rule.ts';

const RULER = '-'.repeat(20);

/** What `build --check` prints, without the last line break. */
export function checkReport({ name, text }: Dockerfile, warnings: readonly Warning[]): string {
  if (warnings.length === 0) return 'Check complete, no warnings found.';
  const found = warnings.length === 1 ? '1 warning has' : `${warnings.length} warnings have`;
  const blocks = warnings.map(
    ({ rule, url, message, line }) =>
      `WARNING: ${rule} - ${url}\n${message}\n${name}:${line.start}\n${RULER}\n${excerpt(text, line)}\n${RULER}`,
  );
  return [`Check complete, ${found} been found!`, ...blocks].join('\n\n');
}

/** What a build that goes well says at its end; "" for no warnings. */
export function warningSummary(warnings: readonly Warning[]): string {
  if (warnings.length === 0) return '';
  const found = warnings.length === 1 ? '1 warning found' : `${warnings.length} warnings found`;
  const lines = warnings.map(({ rule, message, line }) => ` - ${rule}: ${message} (line ${line.start})`);
  return [` ${found} (--check tells more):`, ...lines].join('\n');
}
