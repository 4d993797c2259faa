/** The warnings of checks as docker shows them. */

import type { Dockerfile } from '../dockerfile/dockerfile.ts';
import { framedExcerpt } from '../dockerfile/excerpt.ts';
import type { Warning } from './rule.ts';

/** What `build --check` prints, without the last line break. */
export function checkReport(dockerfile: Dockerfile, warnings: readonly Warning[]): string {
  if (warnings.length === 0) return 'Check complete, no warnings found.';
  const found = warnings.length === 1 ? '1 warning has' : `${warnings.length} warnings have`;
  const blocks = warnings.map(
    ({ rule, url, message, line }) =>
      `WARNING: ${rule} - ${url}\n${message}\n${framedExcerpt(dockerfile, line)}`,
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
