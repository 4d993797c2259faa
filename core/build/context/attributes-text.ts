import { createHash } from 'node:crypto';
import type { ContextEntry } from './build-context.ts';

/** The part of a fingerprint that stands for extended attributes, whatever their order: a mark, then a hash; '' for none. */
export function attributesText(xattrs: ContextEntry['xattrs']): string {
  if (xattrs.size === 0) return '';
  const lines = [...xattrs].map(([name, value]) => `${name}=${Buffer.from(value).toString('hex')}\n`).sort();
  return ATTRIBUTES + createHash('sha256').update(lines.join(''), 'latin1').digest('hex');
}

/** It is in no fingerprint of bytes alone. */
export const ATTRIBUTES = ' ';
